// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How a picture becomes the network's input, for those who know it better than the model's file does.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace mobilenet {

// Which part of the picture the network sees. Parts have the proportions of the network's input, most often a square.
enum class PreprocessPolicy {
  crop,       // the centre part of int(0.875 * side), then Pillow's bilinear filter
  tf_slim,    // the central 87.5 % of both sides, then TensorFlow 1's legacy bilinear without antialiasing
  squash,     // the whole picture, aspect ratio ignored, Pillow bilinear
  pad,        // the whole picture at the top left, the rest mid-grey or what the network was trained with
  square,     // the whole centre part, Pillow bilinear: Teachable Machine, Edge Impulse's "fit shortest axis"
  letterbox,  // the whole picture in the centre, bars as for pad: YOLO, Edge Impulse's "fit longest axis"
};

enum class ResizeFilter {
  // Pillow's, bit for bit; all but nearest are antialiased.
  pil_nearest,
  pil_box,
  pil_bilinear,
  pil_hamming,
  pil_bicubic,
  pil_lanczos,
  // TensorFlow's: four source pixels for each result, float results.
  tf_bilinear_legacy,      // TensorFlow 1: source = x * in / out
  tf_bilinear_corners,     // align_corners: source = x * (in - 1) / (out - 1)
  tf_bilinear_half_pixel,  // tf.image.resize, Keras: source = (x + 0.5) * in / out - 0.5
};

enum class ChannelOrder { rgb, bgr };

// A byte stands for the real number (byte - mean) / deviation; one of each for every channel of the network, in its
// own order. A quantised input stores the nearest of its steps, or the byte where that comes to the same.
struct PixelEncoding {
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> deviation{1, 1, 1};

  static constexpr PixelEncoding unit() { return {{0, 0, 0}, {255, 255, 255}}; }  // 0 to 1
  static constexpr PixelEncoding minus_one_to_one() { return {{127.5f, 127.5f, 127.5f}, {127.5f, 127.5f, 127.5f}}; }
  static constexpr PixelEncoding bytes() { return {}; }  // 0 to 255

  bool operator==(const PixelEncoding&) const = default;
};

// The names of all of these, as the program's options and the descriptions beside models have them.
template <class T, std::size_t kCount>
using PreprocessNames = std::array<std::pair<std::string_view, T>, kCount>;

inline constexpr PreprocessNames<PreprocessPolicy, 6> kGeometryNames{{{"crop", PreprocessPolicy::crop},
                                                                      {"square", PreprocessPolicy::square},
                                                                      {"squash", PreprocessPolicy::squash},
                                                                      {"pad", PreprocessPolicy::pad},
                                                                      {"letterbox", PreprocessPolicy::letterbox},
                                                                      {"tf_slim", PreprocessPolicy::tf_slim}}};
inline constexpr PreprocessNames<ResizeFilter, 9> kFilterNames{
    {{"nearest", ResizeFilter::pil_nearest},
     {"bilinear", ResizeFilter::pil_bilinear},
     {"bicubic", ResizeFilter::pil_bicubic},
     {"lanczos", ResizeFilter::pil_lanczos},
     {"box", ResizeFilter::pil_box},
     {"hamming", ResizeFilter::pil_hamming},
     {"tf_bilinear", ResizeFilter::tf_bilinear_half_pixel},
     {"tf1_bilinear", ResizeFilter::tf_bilinear_legacy},
     {"tf1_bilinear_corners", ResizeFilter::tf_bilinear_corners}}};
inline constexpr PreprocessNames<ChannelOrder, 2> kChannelOrderNames{
    {{"rgb", ChannelOrder::rgb}, {"bgr", ChannelOrder::bgr}}};
inline constexpr PreprocessNames<PixelEncoding, 3> kEncodingNames{{{"unit", PixelEncoding::unit()},
                                                                   {"signed", PixelEncoding::minus_one_to_one()},
                                                                   {"bytes", PixelEncoding::bytes()}}};

// What is set replaces what the model says; a geometry brings its own filter unless that is set too.
struct PreprocessOptions {
  std::optional<PreprocessPolicy> geometry = {};
  std::optional<ResizeFilter> filter = {};
  std::optional<PixelEncoding> encoding = {};
  std::optional<ChannelOrder> channels = {};
};

}  // namespace mobilenet
