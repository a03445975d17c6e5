// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How every call of the library reports failure: a value that holds either the result or an Error with one
// sentence that names the file, the layer and the shapes. No call of the library throws but Result::value(), and these
// headers need neither exceptions nor run-time type information to be compiled.

#include <mobilenet/export.h>

#include <stdexcept>
#include <string>
#include <string_view>
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
  cancelled,         // given up before it was done: by the caller, or for want of time
};

MOBILENET_API std::string_view name_of(ErrorCode code);  // "not_found", ...

struct Error {
  ErrorCode code = ErrorCode::invalid_argument;
  std::string message;  // one sentence, no trailing full stop
};

// What Result::value() throws; what() is the error's message.
class MOBILENET_API Exception final : public std::runtime_error {
 public:
  explicit Exception(const Error& error);
  ~Exception() override;
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

// Throws the Exception. A program that is compiled without exceptions cannot catch it: it ends through std::terminate,
// whose handler it may set (std::set_terminate), so it asks has_value() first.
[[noreturn]] MOBILENET_API void throw_exception(const Error& error);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  // Only when there is no value.
  const Error& error() const& noexcept { return *std::get_if<1>(&state_); }
  Error&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }

  // The result, or an Exception with the error's message.
  T& value() & {
    check();
    return **this;
  }
  const T& value() const& {
    check();
    return **this;
  }
  // By value, so that `for (auto& x : session.classify(picture).value())` does not dangle.
  T value() && {
    check();
    return *std::move(*this);
  }
  // The result, or `otherwise` in place of a failure.
  T value_or(T otherwise) const& { return has_value() ? **this : std::move(otherwise); }
  T value_or(T otherwise) && { return has_value() ? *std::move(*this) : std::move(otherwise); }

  // Only when there is a value.
  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }

 private:
  void check() const {
    if (!has_value()) throw_exception(error());
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  bool has_value() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return has_value(); }
  const Error& error() const& noexcept { return error_; }
  Error&& error() && noexcept { return std::move(error_); }
  void value() const {
    if (failed_) throw_exception(error_);
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace mobilenet
