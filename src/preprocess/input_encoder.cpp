// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Bytes stay bytes until here. Pixels of floats are made in vectors; for all else bytes are encoded by a table of 256
// entries a channel, and results that are not whole bytes one by one.

#include "preprocess/input_encoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

namespace mobilenet {
namespace {

// To the nearest byte, ties to even; NaN becomes 0.
int nearest_byte(float value) { return value > 0 ? static_cast<int>(std::nearbyint(std::min(value, 255.0f))) : 0; }

// One channel of a resized pixel, in units of a byte, as an element of the network's input.
template <class Element>
class SampleEncoder {
 public:
  SampleEncoder(const PreprocessSpec& spec, const InputElements& elements)
      : spec_(spec), elements_(elements), bytes_(takes_bytes(spec, elements)) {}

  Element operator()(float value, std::size_t c) const {
    if constexpr (std::is_same_v<Element, float>) {
      return real_number(spec_, value, c);
    } else {
      constexpr int kLowest = std::is_signed_v<Element> ? -128 : 0, kHighest = kLowest + 255;
      if (bytes_) return static_cast<Element>(nearest_byte(value) + kLowest);
      // TensorFlow Lite's QUANTIZE: halves away from zero, then the zero point; what is no number becomes the lowest.
      const float stored =
          std::round(real_number(spec_, value, c) / elements_.scale) + static_cast<float>(elements_.zero_point);
      return stored > kLowest ? static_cast<Element>(std::min(stored, static_cast<float>(kHighest)))
                              : static_cast<Element>(kLowest);
    }
  }

 private:
  PreprocessSpec spec_;
  InputElements elements_;
  bool bytes_;
};

// For networks whose input elements are of this type.
template <class Element>
class EncoderOf final : public InputEncoder {
 public:
  EncoderOf(const PreprocessSpec& spec, const InputElements& elements, const FloatKernels& kernels)
      : kernels_(kernels),
        numbers_(real_numbers_of_pixels(spec)),
        sample_(spec, elements),
        channels_(static_cast<std::size_t>(elements.channels == 1 ? 1 : 3)),
        planes_(elements.order == PixelOrder::planes) {
    const bool filled = spec.mode == ResizeMode::pad || spec.mode == ResizeMode::fit;
    if (spec.swap_red_blue) source_ = {2, 1, 0};
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t byte = 0; byte < 256; ++byte) of_byte_[c][byte] = sample_(static_cast<float>(byte), c);
      padding_[c] = sample_(filled ? spec.fill[c] : 0.0f, c);
    }
    same_ = !spec.swap_red_blue && std::is_same_v<Element, std::uint8_t> && takes_bytes(spec, elements);
  }

  void pad(const InputPlace& place) const override {
    const AxisGeometry &columns = place.geometry.columns, &rows = place.geometry.rows;
    const int right = columns.output_begin + columns.window_size;
    for (int y = 0; y < place.size.height; ++y) {
      if (y < rows.output_begin || y >= rows.output_begin + rows.window_size) {
        pad(place, y, 0, place.size.width);
      } else {
        pad(place, y, 0, columns.output_begin);
        pad(place, y, right, place.size.width);
      }
    }
  }

  void row(const InputPlace& place, int y, const std::uint8_t* rgb) const override { write_row(place, y, rgb); }
  void row(const InputPlace& place, int y, const float* rgb) const override { write_row(place, y, rgb); }

  void columns(const InputPlace& place, int x, int count, const std::uint8_t* const* rgb) const override {
    for (int y = 0; y < place.geometry.rows.window_size; ++y)
      for (std::size_t c = 0; c < channels_; ++c) {
        Element* const out = at(place, x, y, c);
        for (int i = 0; i < count; ++i)
          out[static_cast<std::size_t>(i) * step()] = of_byte_[c][rgb[i][3 * static_cast<std::size_t>(y) + source_[c]]];
      }
  }

 private:
  std::size_t step() const { return planes_ ? 1 : channels_; }

  // Channel c of a pixel of the input.
  Element* of_input(const InputPlace& place, int x, int y, std::size_t c) const {
    const auto width = static_cast<std::size_t>(place.size.width), height = static_cast<std::size_t>(place.size.height);
    const std::size_t pixel = static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x);
    return static_cast<Element*>(place.elements) + (planes_ ? c * width * height + pixel : pixel * channels_ + c);
  }
  // The same of the window.
  Element* at(const InputPlace& place, int x, int y, std::size_t c) const {
    return of_input(place, x + place.geometry.columns.output_begin, y + place.geometry.rows.output_begin, c);
  }

  void pad(const InputPlace& place, int y, int begin, int end) const {
    for (std::size_t c = 0; c < channels_; ++c) {
      Element* const out = of_input(place, begin, y, c);
      for (int i = 0; i < end - begin; ++i) out[static_cast<std::size_t>(i) * step()] = padding_[c];
    }
  }

  template <class Sample>
  void write_row(const InputPlace& place, int y, const Sample* rgb) const {
    const auto count = static_cast<std::size_t>(place.geometry.columns.window_size);
    if (channels_ == 3 && !planes_) return write_pixels(rgb, count, at(place, 0, y, 0));
    for (std::size_t c = 0; c < channels_; ++c) {
      Element* const out = at(place, 0, y, c);
      for (std::size_t x = 0; x < count; ++x) out[x] = encode(rgb[3 * x + source_[c]], c);
    }
  }

  template <class Sample>
  void write_pixels(const Sample* rgb, std::size_t count, Element* out) const {
    if constexpr (std::is_same_v<Element, std::uint8_t> && std::is_same_v<Sample, std::uint8_t>)
      if (same_) {
        std::copy_n(rgb, 3 * count, out);
        return;
      }
    if constexpr (std::is_same_v<Element, std::uint8_t> && std::is_same_v<Sample, float>)
      if (same_) return kernels_.nearest_bytes(rgb, 3 * count, out);
    if constexpr (std::is_same_v<Element, float> && std::is_same_v<Sample, float>)
      if (source_[0] == 0) return kernels_.real_numbers(rgb, numbers_, 3 * count, out);
    if constexpr (std::is_same_v<Element, float> && std::is_same_v<Sample, std::uint8_t>)
      if (source_[0] == 0) return kernels_.real_numbers_of_bytes(rgb, numbers_, 3 * count, out);
    for (std::size_t x = 0; x < count; ++x, rgb += 3, out += 3)
      for (std::size_t c = 0; c < 3; ++c) out[c] = encode(rgb[source_[c]], c);
  }

  Element encode(std::uint8_t byte, std::size_t c) const { return of_byte_[c][byte]; }
  Element encode(float value, std::size_t c) const { return sample_(value, c); }

  const FloatKernels& kernels_;
  RealNumbersOfPixels numbers_;
  SampleEncoder<Element> sample_;
  std::size_t channels_;
  bool planes_;
  bool same_ = false;                           // bytes stay what they are
  std::array<std::size_t, 3> source_{0, 1, 2};  // of a channel among red, green, blue
  std::array<std::array<Element, 256>, 3> of_byte_;
  std::array<Element, 3> padding_;
};

}  // namespace

std::unique_ptr<InputEncoder> InputEncoder::create(const PreprocessSpec& spec, const InputElements& elements,
                                                   const FloatKernels& kernels) {
  if (elements.type == DataType::u8) return std::make_unique<EncoderOf<std::uint8_t>>(spec, elements, kernels);
  if (elements.type == DataType::i8) return std::make_unique<EncoderOf<std::int8_t>>(spec, elements, kernels);
  return std::make_unique<EncoderOf<float>>(spec, elements, kernels);
}

}  // namespace mobilenet
