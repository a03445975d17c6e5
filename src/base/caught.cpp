// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "base/caught.h"

#include <exception>
#include <new>
#include <stdexcept>

#include "base/error.h"

namespace mobilenet {

Error caught(std::string_view place) noexcept {
  try {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      return failure(ErrorCode::out_of_memory, place, ": not enough memory");
    } catch (const std::length_error&) {  // a container of a size that cannot be
      return failure(ErrorCode::out_of_memory, place, ": would need more memory than there can be");
    } catch (const std::exception& error) {
      return failure(ErrorCode::bad_format, place, ": could not be worked on: ", error.what());
    } catch (...) {
      return failure(ErrorCode::bad_format, place, ": could not be worked on");
    }
  } catch (...) {
    // 13 characters lie inside the string itself, whichever standard library it is.
    return Error{ErrorCode::out_of_memory, "out of memory"};
  }
}

}  // namespace mobilenet
