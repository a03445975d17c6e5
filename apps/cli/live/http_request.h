// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a browser asks the page for: the head of an HTTP/1.x request, and whether our own page sent it.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mobilenet::cli {

// Views of the bytes that were read.
struct HttpRequest {
  std::string_view method = {};
  std::string_view path = {};    // without the query behind '?'
  std::string_view host = {};    // empty: none was sent
  std::string_view origin = {};  // the same
};

enum class HttpHead : std::uint8_t { incomplete, malformed, complete };

// Longer heads are refused. Browsers send less than 2 KB, and we set no cookies that could make it more.
inline constexpr std::size_t kMostOfAHead = 8192;

// Reads the head at the beginning of `bytes`; what follows it is left alone. `request` is set where it is complete.
HttpHead read_head(std::string_view bytes, HttpRequest& request);

// Whether a request was sent to this machine by a name that no stranger can own. A page of a stranger's site may have a
// name that leads here (DNS rebinding) and would otherwise see what the camera sees. Any port: an SSH tunnel has its
// own.
bool asks_this_machine(const HttpRequest& request);
// Whether the page that sent it is ours. Browsers name the origin of every POST, and no page can keep them from it;
// programs that are no browsers send none.
bool comes_from_our_page(const HttpRequest& request);

}  // namespace mobilenet::cli
