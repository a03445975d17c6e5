// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What every answer end says of scores that are not numbers.

#include <cstddef>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace mobilenet {

inline Error not_numbers(std::size_t picture, std::size_t pictures) {
  const std::string which = pictures > 1 ? text(" for picture ", picture + 1, " of ", pictures) : "";
  return failure(ErrorCode::bad_format, "the network's scores", which,
                 " are not numbers: its weights or its input are broken");
}

}  // namespace mobilenet
