// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/live/http_request.h"

#include <algorithm>
#include <cctype>

namespace mobilenet::cli {
namespace {

constexpr std::string_view kEndOfLine = "\r\n";
constexpr std::string_view kEndOfHead = "\r\n\r\n";

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// What stands before `mark`, which is taken off `text` with it; all of it where there is no mark.
std::string_view take_until(std::string_view& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + mark.size());
  return taken;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool read_request_line(std::string_view line, HttpRequest& request) {
  request.method = take_until(line, " ");
  request.path = take_until(line, " ");
  request.path = request.path.substr(0, request.path.find('?'));
  return !request.method.empty() && request.path.starts_with('/') && (line == "HTTP/1.1" || line == "HTTP/1.0");
}

bool read_field(std::string_view line, HttpRequest& request) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon), value = without_blanks(line.substr(colon + 1));
  if (name.find_first_of(" \t") != std::string_view::npos) return false;
  std::string_view* wanted = nullptr;
  if (same_letters(name, "host")) wanted = &request.host;
  if (same_letters(name, "origin")) wanted = &request.origin;
  if (wanted == nullptr) return true;
  if (!wanted->empty()) return false;  // of two, which one would count?
  *wanted = value;
  return true;
}

}  // namespace

HttpHead read_head(std::string_view bytes, HttpRequest& request) {
  const std::size_t end = bytes.substr(0, kMostOfAHead).find(kEndOfHead);
  if (end == std::string_view::npos) return bytes.size() < kMostOfAHead ? HttpHead::incomplete : HttpHead::malformed;
  std::string_view head = bytes.substr(0, end);
  request = {};
  if (!read_request_line(take_until(head, kEndOfLine), request)) return HttpHead::malformed;
  while (!head.empty()) {
    if (!read_field(take_until(head, kEndOfLine), request)) return HttpHead::malformed;
  }
  return HttpHead::complete;
}

bool asks_this_machine(const HttpRequest& request) {
  std::string_view name = request.host;
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && !name.ends_with(']')) {  // [::1] ends without a port
    const std::string_view port = name.substr(colon + 1);
    if (port.find_first_not_of("0123456789") != std::string_view::npos) return false;
    name = name.substr(0, colon);
  }
  return name == "127.0.0.1" || same_letters(name, "localhost") || name == "[::1]";
}

bool comes_from_our_page(const HttpRequest& request) {
  constexpr std::string_view kScheme = "http://";
  if (request.origin.empty()) return true;
  return request.origin.starts_with(kScheme) && same_letters(request.origin.substr(kScheme.size()), request.host);
}

}  // namespace mobilenet::cli
