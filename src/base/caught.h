// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// No exception leaves the library. Inside, the standard library may throw, which every public entry catches:
//
//   Result<Model> Model::open(...) try {
//     ...
//   } catch (...) {
//     return caught(place);
//   }

#include <mobilenet/result.h>

#include <string_view>

namespace mobilenet {

// The exception that is being handled, as an error of `place` (a file, or what else was being worked on). Needs no
// memory: where there is none even for a sentence, the message is "out of memory".
Error caught(std::string_view place) noexcept;

}  // namespace mobilenet
