// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What an example works on: the files named on its command line, or, without any, random weights and a gradient, so
// that every example runs anywhere.

#include <mobilenet/mobilenet.h>

#include <cstddef>
#include <memory>
#include <random>
#include <string_view>
#include <utility>

inline mobilenet::Model sample_model(int count, char** arguments, int position = 1,
                                     const char* architecture = "mobilenet_v2:0.35:96") {
  if (position < count) return mobilenet::Model::open(arguments[position]).value();
  return mobilenet::Model::random(architecture).value();
}

inline mobilenet::Image sample_picture(int count, char** arguments, int position = 2) {
  if (position < count) return mobilenet::Image::open(arguments[position]).value();
  constexpr int kWidth = 320, kHeight = 240;
  auto rgb = std::make_unique<std::byte[]>(std::size_t{kWidth} * kHeight * 3);
  for (int y = 0, i = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      for (const int value : {x, y, x + y}) rgb[static_cast<std::size_t>(i++)] = static_cast<std::byte>(value);
  return {std::move(rgb), kWidth, kHeight, mobilenet::Orientation::upright};
}

// Columns, rows or, under any other name, chequers of 8 pixels: somewhere, in some brightness, with noise.
inline mobilenet::Image sample_pattern(std::string_view name, std::mt19937& random) {
  constexpr unsigned kSide = 96;
  auto rgb = std::make_unique<std::byte[]>(std::size_t{kSide} * kSide * 3);
  const auto shift = static_cast<unsigned>(random() % 16), darkest = static_cast<unsigned>(random() % 128);
  for (unsigned i = 0; i < kSide * kSide * 3; ++i) {
    const bool column = (i / 3 % kSide + shift) / 8 % 2 != 0, row = (i / 3 / kSide + shift) / 8 % 2 != 0;
    const bool bright = name == "columns" ? column : name == "rows" ? row : column != row;
    rgb[i] = static_cast<std::byte>(darkest + (bright ? 90 : 0) + random() % 32);
  }
  return {std::move(rgb), kSide, kSide, mobilenet::Orientation::upright};
}
