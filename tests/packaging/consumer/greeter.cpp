// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// A library that uses the library.

#include <mobilenet/version.h>

#include <cstddef>

std::size_t greet() { return mobilenet::version().size(); }
