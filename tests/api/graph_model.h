// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A graph of a test as a Model, and a picture for it.

#include <mobilenet/mobilenet.h>

#include <cstddef>
#include <random>
#include <span>
#include <vector>

#include "formats/tflite/tflite_graph.h"

namespace mobilenet::testing {

inline Model open(const GraphFile& graph) {
  const std::vector<std::uint8_t> bytes = graph.bytes();
  return Model::from_memory(std::as_bytes(std::span(bytes))).value();
}

// Noise as a packed RGB picture.
struct Noise {
  explicit Noise(int side, unsigned seed = 5) : pixels(static_cast<std::size_t>(side * side * 3)) {
    std::mt19937 random(seed);
    for (std::byte& value : pixels) value = static_cast<std::byte>(random());
    view = ImageView::packed(pixels.data(), PixelFormat::rgb, side, side);
  }
  std::vector<std::byte> pixels;
  ImageView view;
};

}  // namespace mobilenet::testing
