// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Helpers around Result: building an Error from parts, and handing a failure up.

#include <mobilenet/result.h>

#include <string>

#include "base/text.h"

namespace mobilenet {

// failure(ErrorCode::bad_format, path, ": ", count, " bytes missing")
template <class... Parts>
Error failure(ErrorCode code, const Parts&... parts) {
  return Error{code, text(parts...)};
}

// The same error with a place in front: "model.tflite: conv_3: ...".
inline Error at(const std::string& place, Error error) {
  error.message = place + ": " + error.message;
  return error;
}

}  // namespace mobilenet

#define MOBILENET_CONCAT_INNER(a, b) a##b
#define MOBILENET_CONCAT(a, b) MOBILENET_CONCAT_INNER(a, b)

// MOBILENET_TRY(auto file, FileBytes::read(path)); returns the Error from the enclosing function, or declares `file`.
#define MOBILENET_TRY(declaration, expression) \
  MOBILENET_TRY_INNER(MOBILENET_CONCAT(result_, __LINE__), declaration, expression)
#define MOBILENET_TRY_INNER(result, declaration, expression) \
  auto result = (expression);                                \
  if (!result) return std::move(result).error();             \
  declaration = *std::move(result)

// For Result<void>.
#define MOBILENET_CHECK(expression)                                               \
  do {                                                                            \
    if (auto checked = (expression); !checked) return std::move(checked).error(); \
  } while (false)
