// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What an example works on: the files named on its command line, or, without any, random weights and a gradient, so
// that every example runs anywhere.

#include <mobilenet/mobilenet.h>

#include <cstddef>
#include <memory>
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
