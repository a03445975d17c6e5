// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

#include <cstddef>

std::size_t greet();

int main() { return greet() > 0 ? 0 : 1; }
