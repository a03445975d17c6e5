// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/models/download.h"

#include <mobilenet/version.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "cli/models/libraries.h"
#include "cli/output/table.h"

namespace mobilenet::cli {
namespace {

constexpr int kMostRedirects = 10;
constexpr long kSlowestBytesPerSecond = 100;
constexpr long kPartial = 206, kNotInRange = 416;

// What libcurl's callback works on.
struct Transfer {
  const Curl& curl;
  CURL* handle;
  int file;
  const DownloadOptions& options;
  std::uint64_t bytes;  // in the file
  bool began = false;   // the file's bytes come
  bool too_long = false;
  int disk_error = 0;  // errno
};

long response_code(const Transfer& transfer) {
  long code = 0;
  transfer.curl.curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &code);
  return code;
}

bool write_all(int file, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = write(file, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

// Puts the file's end where the coming bytes belong.
bool begin(Transfer& transfer) {
  transfer.began = true;
  if (response_code(transfer) != kPartial) transfer.bytes = 0;  // the whole file, whatever was asked for
  return ftruncate(transfer.file, static_cast<off_t>(transfer.bytes)) == 0 &&
         lseek(transfer.file, 0, SEEK_END) == static_cast<off_t>(transfer.bytes);
}

// Returns `count`, or something else to give up.
std::size_t take(char* data, std::size_t, std::size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const long code = response_code(transfer);
  if (code >= 300) return 0;  // a page for people
  if (!transfer.began && !begin(transfer)) {
    transfer.disk_error = errno;
    return 0;
  }
  if (count > transfer.options.most_bytes || transfer.bytes > transfer.options.most_bytes - count) {
    transfer.too_long = true;
    return 0;
  }
  if (!write_all(transfer.file, data, count)) {
    transfer.disk_error = errno;
    return 0;
  }
  transfer.bytes += count;
  if (transfer.options.progress) {
    curl_off_t length = 0;
    transfer.curl.curl_easy_getinfo(transfer.handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    transfer.options.progress(count, length > 0 ? static_cast<std::uint64_t>(length) : 0);
  }
  return count;
}

// One part of an address, empty where it has none.
std::string part_of(const Curl& curl, CURLU* address, CURLUPart part) {
  char* text = nullptr;
  if (curl.curl_url_get(address, part, &text, 0) != CURLUE_OK) return {};
  std::string copy = text;
  curl.curl_free(text);
  return copy;
}

// https, or http of this machine: a mirror or a test behind no wire.
bool may_be_asked(const Curl& curl, const std::string& address) {
  const std::unique_ptr<CURLU, decltype(curl.curl_url_cleanup)> parsed(curl.curl_url(), curl.curl_url_cleanup);
  // Schemes that libcurl does not know are an error here.
  if (!parsed || curl.curl_url_set(parsed.get(), CURLUPART_URL, address.c_str(), 0) != CURLUE_OK) return false;
  const std::string scheme = part_of(curl, parsed.get(), CURLUPART_SCHEME);
  const std::string host = part_of(curl, parsed.get(), CURLUPART_HOST);
  return scheme == "https" || (scheme == "http" && (host == "localhost" || host == "127.0.0.1" || host == "[::1]"));
}

bool is_no_connection(CURLcode code) {
  return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT;
}

// Why a transfer ended that libcurl calls failed.
DownloadResult failed_transfer(const Transfer& transfer, CURLcode code, const std::string& said) {
  DownloadResult result;
  result.bytes = transfer.bytes;
  result.offline = is_no_connection(code);
  if (transfer.disk_error != 0) {
    result.why = std::string("cannot write it: ") + std::strerror(transfer.disk_error);
  } else if (transfer.too_long || code == CURLE_FILESIZE_EXCEEDED) {
    result.end = DownloadEnd::wrong;
    result.why = "the server sends more than " + bytes_text(transfer.options.most_bytes);
  } else if (code == CURLE_OPERATION_TIMEDOUT) {
    result.why = "no answer, or none that went on, in " + std::to_string(transfer.options.stall_seconds) + " s";
  } else {
    const bool is_cut = code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING;
    if (is_cut) result.end = DownloadEnd::cut;
    result.why = said.empty() ? transfer.curl.curl_easy_strerror(code) : said;
  }
  return result;
}

}  // namespace

DownloadResult download(const std::string& address, int file, std::uint64_t offset, const DownloadOptions& options) {
  DownloadResult result;
  result.bytes = offset;
  const auto loaded = load_curl();
  if (!loaded) {
    result.why = loaded.error().message;
    return result;
  }
  const Curl& curl = **loaded;
  const std::unique_ptr<CURL, decltype(curl.curl_easy_cleanup)> handle(curl.curl_easy_init(), curl.curl_easy_cleanup);
  if (!handle) {
    result.why = "libcurl has no memory";
    return result;
  }
  Transfer transfer{curl, handle.get(), file, options, offset};
  std::array<char, CURL_ERROR_SIZE> said{};
  const auto set = [&](CURLoption option, auto value) { curl.curl_easy_setopt(handle.get(), option, value); };
  set(CURLOPT_ERRORBUFFER, said.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);  // every address is looked at first
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.stall_seconds));
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_seconds));
  set(CURLOPT_LOW_SPEED_LIMIT, kSlowestBytesPerSecond);
  set(CURLOPT_WRITEFUNCTION, &take);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  const std::string agent = "mobilenet/" + std::string(version());
  set(CURLOPT_USERAGENT, agent.c_str());

  std::string at = address;
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    if (!may_be_asked(curl, at)) {
      result.why = (redirects > 0 ? "the server sends on to " + at + ", which is" : "it is") + " no https address";
      return result;
    }
    set(CURLOPT_URL, at.c_str());
    const std::string range = std::to_string(transfer.bytes) + "-";
    set(CURLOPT_RANGE, transfer.bytes > 0 ? range.c_str() : static_cast<const char*>(nullptr));
    said[0] = '\0';
    const CURLcode code = curl.curl_easy_perform(handle.get());
    const long response = response_code(transfer);
    if (response == kNotInRange && transfer.bytes > 0) {  // the file is shorter now: from the beginning
      transfer.bytes = 0;
      continue;
    }
    char* next = nullptr;
    if (response >= 300 && response < 400) curl.curl_easy_getinfo(handle.get(), CURLINFO_REDIRECT_URL, &next);
    if (next != nullptr) {
      at = next;
      continue;
    }
    if (response >= 300) {
      result.why = "the server answers " + std::to_string(response);
      return result;
    }
    if (code != CURLE_OK) return failed_transfer(transfer, code, said.data());
    if (!transfer.began && !begin(transfer)) return failed_transfer(transfer, code, std::strerror(errno));
    result.end = DownloadEnd::complete;
    result.bytes = transfer.bytes;
    return result;
  }
  result.why = "the server sends on more than " + std::to_string(kMostRedirects) + " times";
  return result;
}

}  // namespace mobilenet::cli
