// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures of noise, and what a PictureInput makes of a view.

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "preprocess/picture_input.h"

namespace mobilenet::testing {

// RGB bytes, every one random; the seed is part of the picture, so failures repeat.
struct NoisePicture {
  NoisePicture(int the_width, int the_height, unsigned seed = 1) : width(the_width), height(the_height) {
    std::minstd_rand chance(seed * 7919 + static_cast<unsigned>(width) * 131 + static_cast<unsigned>(height));
    rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
    for (std::uint8_t& byte : rgb) byte = static_cast<std::uint8_t>(chance() >> 8);
  }

  std::uint8_t at(int x, int y, int channel) const {
    return rgb[(static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) * 3 +
               static_cast<std::size_t>(channel)];
  }
  ImageView view() const { return ImageView::packed(rgb.data(), PixelFormat::rgb, width, height); }

  int width;
  int height;
  std::vector<std::uint8_t> rgb;
};

template <class Element>
constexpr DataType kTypeOf = std::is_same_v<Element, float>          ? DataType::f32
                             : std::is_same_v<Element, std::uint8_t> ? DataType::u8
                                                                     : DataType::i8;

// real = scale * (stored - zero_point); a scale of 0 is not known.
struct InputQuantization {
  float scale = 0;
  int zero_point = 0;
};

// The network's input; empty, and the test failed, when it could not be made.
template <class Element>
std::vector<Element> network_input(const PreprocessSpec& spec, int height, int width, const ImageView& view,
                                   InputQuantization quantization = {}) {
  auto pictures =
      PictureInput::create(spec, height, width, {kTypeOf<Element>, quantization.scale, quantization.zero_point});
  if (!pictures) {
    ADD_FAILURE() << pictures.error().message;
    return {};
  }
  std::vector<Element> out(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3);
  if (const auto done = pictures->run(view, out.data()); !done) {
    ADD_FAILURE() << done.error().message;
    return {};
  }
  return out;
}

}  // namespace mobilenet::testing
