// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// One file from a server, by libcurl: what is there already is not asked for again.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace mobilenet::cli {

struct DownloadOptions {
  std::uint64_t most_bytes = 0;  // a longer file is refused
  int stall_seconds = 30;        // without an answer, or with fewer than 100 bytes a second
  // Called with the bytes that came; `whole`: how many are to come in all from now on, 0 when the server does not say.
  std::function<void(std::size_t bytes, std::uint64_t whole)> progress;
};

enum class DownloadEnd {
  complete,
  cut,     // the connection ended before the file; what came is kept
  failed,  // by the server's answer, the network, or the disk; what came is kept
  wrong,   // more came than there may be: not the file that was expected
};

struct DownloadResult {
  DownloadEnd end = DownloadEnd::failed;
  std::string why;          // the rest of a sentence about the address: "the server answers 404"; empty: complete
  bool offline = false;     // no connection came about
  std::uint64_t bytes = 0;  // in the file now
};

// Appends to `file`, a descriptor, at `offset`, where it ends; from its beginning where the server gives no parts.
// Only https, and http of this machine, is spoken, also where a server sends on to another address.
DownloadResult download(const std::string& address, int file, std::uint64_t offset, const DownloadOptions& options);

}  // namespace mobilenet::cli
