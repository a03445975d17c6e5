// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/output/output.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "cli/output/utf8.h"
#include "cli/verbs.h"

namespace mobilenet::cli {
namespace {

bool quiet = false;
int write_error = 0;  // errno of the first failed write to standard output

void check(bool written) {
  if (!written && write_error == 0) write_error = errno != 0 ? errno : EIO;
}

}  // namespace

void prepare_output() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void print(std::string_view text) {
  if (!output_works()) return;
  errno = 0;
  check(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

std::string json_line(const Json& object) { return object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n'; }

void print_json(const Json& object) {
  print(json_line(object));
  flush_output();
}

void flush_output() {
  if (!output_works()) return;
  errno = 0;
  check(std::fflush(stdout) == 0);
}

bool output_works() { return write_error == 0; }

int finish_output(int status) {
  flush_output();
  if (output_works() || write_error == EPIPE) return status;
  say(std::string("cannot write to standard output: ") + std::strerror(write_error));
  return kFailure;
}

void say(std::string_view sentence) {
  const std::string line = "mobilenet: " + printable(sentence) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void note(std::string_view sentence) {
  if (!quiet) say(sentence);
}

void be_quiet() { quiet = true; }

bool is_quiet() { return quiet; }

int fail(std::string_view sentence) {
  say(sentence);
  return kFailure;
}

int fail(const Error& error) {
  say(error.message);
  return error.code == ErrorCode::invalid_argument ? kUsageError : kFailure;
}

int misuse(std::string_view sentence) {
  say(sentence);
  return kUsageError;
}

std::string printable(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const Utf8 next = first_code_point(text);
    const bool control = next.code_point < 0x20 || (next.code_point >= 0x7f && next.code_point < 0xa0);
    if (next.valid && !control) {
      safe += text.substr(0, next.bytes);
    } else {
      safe += '?';
    }
    text.remove_prefix(next.bytes);
  }
  return safe;
}

double shortest(float value) {
  if (!std::isfinite(value)) return value;
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits - 1, value);
  if (error != std::errc()) return value;
  *end = '\0';
  return std::strtod(digits, nullptr);
}

double milliseconds(double value) { return std::round(value * 1000) / 1000; }

}  // namespace mobilenet::cli
