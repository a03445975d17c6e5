// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How every call of the library reports failure: a value that holds either the result or an Error with one
// sentence that names the file, the layer and the shapes. Nothing here throws except Result::value().

#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace mobilenet {

enum class ErrorCode {
  not_found,         // a file, layer or tensor of that name does not exist
  io,                // the operating system could not read or write
  bad_format,        // a file is malformed, truncated or contradicts itself
  unsupported,       // well-formed, but outside what this build can run
  invalid_argument,  // the caller's options, shapes or pictures do not fit
  out_of_memory,     // larger than this machine or the given limit allows
};

struct Error {
  ErrorCode code = ErrorCode::invalid_argument;
  std::string message;  // one sentence, no trailing full stop
};

// What Result::value() throws; what() is the error's message.
class Exception : public std::runtime_error {
 public:
  explicit Exception(const Error& error) : std::runtime_error(error.message), code_(error.code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  // Only when operator bool is false.
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  // The result, or an Exception with the error's message.
  T& value() & {
    check();
    return std::get<0>(state_);
  }
  const T& value() const& {
    check();
    return std::get<0>(state_);
  }
  // By value, so that `for (auto& x : session.classify(picture).value())` does not dangle.
  T value() && {
    check();
    return std::get<0>(std::move(state_));
  }

  // Only when operator bool is true.
  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

 private:
  void check() const {
    if (state_.index() != 0) throw Exception(std::get<1>(state_));
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  explicit operator bool() const noexcept { return !failed_; }
  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }
  void value() const {
    if (failed_) throw Exception(error_);
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace mobilenet
