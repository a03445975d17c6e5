// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What the public header of results leaves to the library: names of errors, and the exception of Result::value().

#include <mobilenet/result.h>

namespace mobilenet {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::io:
      return "io";
    case ErrorCode::bad_format:
      return "bad_format";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::out_of_memory:
      return "out_of_memory";
    case ErrorCode::cancelled:
      return "cancelled";
  }
  return "?";
}

Exception::Exception(const Error& error) : std::runtime_error(error.message), code_(error.code) {}
Exception::~Exception() = default;  // here, so that there is one vtable and one type of it in a process

void throw_exception(const Error& error) { throw Exception(error); }

}  // namespace mobilenet
