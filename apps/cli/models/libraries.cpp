// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/models/libraries.h"

#include <dlfcn.h>

namespace mobilenet::cli {
namespace {

// The names that the headers of this build belong to.
constexpr const char* kCurl = "libcurl.so.4";
constexpr const char* kCrypto = OPENSSL_VERSION_NUMBER >= 0x30000000L ? "libcrypto.so.3" : "libcrypto.so.1.1";

// Never closed: what they bring along was not made for that.
Result<void*> open_library(const char* name, const char* package) {
  void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) return library;
  return Error{ErrorCode::unsupported, std::string(name) + " is not found (Debian: " + package + ")"};
}

#define MOBILENET_LIBRARY_FIND(name)                                        \
  found.name = reinterpret_cast<decltype(&::name)>(dlsym(*library, #name)); \
  if (found.name == nullptr) return Error{ErrorCode::unsupported, std::string(file) + " has no " #name "()"};

Result<Curl> find_curl() {
  const char* const file = kCurl;
  const auto library = open_library(file, "libcurl4");
  if (!library) return library.error();
  Curl found;
  MOBILENET_CURL_FUNCTIONS(MOBILENET_LIBRARY_FIND)
  if (found.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return Error{ErrorCode::unsupported, std::string(file) + " does not start"};
  return found;
}

Result<Crypto> find_crypto() {
  const char* const file = kCrypto;
  const auto library = open_library(file, "libssl3");
  if (!library) return library.error();
  Crypto found;
  MOBILENET_CRYPTO_FUNCTIONS(MOBILENET_LIBRARY_FIND)
  return found;
}

#if MOBILENET_WITH_ARCHIVE
Result<Archive> find_archive() {
  const char* const file = "libarchive.so.13";
  const auto library = open_library(file, "libarchive13");
  if (!library) return library.error();
  Archive found;
  MOBILENET_ARCHIVE_FUNCTIONS(MOBILENET_LIBRARY_FIND)
  return found;
}
#endif

#undef MOBILENET_LIBRARY_FIND

template <class Library>
Result<const Library*> pointer_to(const Result<Library>& loaded) {
  if (!loaded) return loaded.error();
  return &*loaded;
}

}  // namespace

Result<const Curl*> load_curl() {
  static const Result<Curl> loaded = find_curl();
  return pointer_to(loaded);
}

Result<const Crypto*> load_crypto() {
  static const Result<Crypto> loaded = find_crypto();
  return pointer_to(loaded);
}

#if MOBILENET_WITH_ARCHIVE
Result<const Archive*> load_archive() {
  static const Result<Archive> loaded = find_archive();
  return pointer_to(loaded);
}
#endif

}  // namespace mobilenet::cli
