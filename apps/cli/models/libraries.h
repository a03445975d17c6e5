// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The functions of libcurl, libcrypto and libarchive, found in their libraries when a model is fetched. Linked, libcurl
// and what it brings along would take 2.5 ms of every start of the program, libarchive 0.4.

#include <mobilenet/result.h>

#define CURL_DISABLE_TYPECHECK  // its macros would stand in the way of the names
#include <curl/curl.h>
#include <openssl/evp.h>

#include <string>

#if MOBILENET_WITH_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

namespace mobilenet::cli {

// clang-format off
#define MOBILENET_CURL_FUNCTIONS(X) \
  X(curl_global_init) X(curl_easy_init) X(curl_easy_cleanup) X(curl_easy_setopt) X(curl_easy_getinfo) \
  X(curl_easy_perform) X(curl_easy_strerror) X(curl_url) X(curl_url_cleanup) X(curl_url_set) X(curl_url_get) X(curl_free)
#define MOBILENET_CRYPTO_FUNCTIONS(X) \
  X(EVP_MD_CTX_new) X(EVP_MD_CTX_free) X(EVP_sha256) X(EVP_DigestInit_ex) X(EVP_DigestUpdate) X(EVP_DigestFinal_ex)
#define MOBILENET_ARCHIVE_FUNCTIONS(X) \
  X(archive_read_new) X(archive_read_free) X(archive_read_support_filter_gzip) X(archive_read_support_format_tar) \
  X(archive_read_support_format_zip) X(archive_read_open_filename) X(archive_read_next_header) X(archive_read_data) \
  X(archive_entry_pathname) X(archive_entry_filetype) X(archive_error_string)
// clang-format on

#define MOBILENET_LIBRARY_FIELD(name) decltype(&::name) name = nullptr;
struct Curl {
  MOBILENET_CURL_FUNCTIONS(MOBILENET_LIBRARY_FIELD)
};
struct Crypto {
  MOBILENET_CRYPTO_FUNCTIONS(MOBILENET_LIBRARY_FIELD)
};
#if MOBILENET_WITH_ARCHIVE
struct Archive {
  MOBILENET_ARCHIVE_FUNCTIONS(MOBILENET_LIBRARY_FIELD)
};
#endif
#undef MOBILENET_LIBRARY_FIELD

// Each loaded once. The error says what to install.
Result<const Curl*> load_curl();
Result<const Crypto*> load_crypto();
#if MOBILENET_WITH_ARCHIVE
Result<const Archive*> load_archive();
#endif

}  // namespace mobilenet::cli
