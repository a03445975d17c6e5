// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What must happen to a picture before the network sees it: plain data, filled by the weights readers.

#include <array>

namespace mobilenet {

// The geometry, before any number is touched.
enum class ResizeMode {
  crop_square,         // centre square of side int(crop_fraction * min(w, h)) at integer offsets, then resize
  central_crop,        // TF-slim: the central crop_fraction of both sides, then resize to the input size
  shortest_edge_crop,  // resize the shorter side to shortest_edge, then crop the centre, zero-padded where too small
  squash,              // resize the whole picture, aspect ratio ignored
  pad,                 // resize the longer side to the input size, fill the rest at the right and the bottom
};

enum class ResizeFilter {
  pil_bilinear,           // antialiased triangle, two passes rounded to bytes: Pillow's BILINEAR
  pil_bicubic,            // antialiased, a = -0.5: Pillow's BICUBIC
  tf_bilinear_legacy,     // TensorFlow 1: source = x * in / out, no antialiasing, float results
  tf_bilinear_corners,    // align_corners: source = x * (in - 1) / (out - 1)
  tf_bilinear_half_pixel  // half_pixel_centers: source = (x + 0.5) * in / out - 0.5
};

// How the centre of a crop is rounded when the margin is odd.
enum class CropRounding {
  down,       // (size - crop) // 2: Hugging Face
  half_even,  // Python's round((size - crop) / 2): torchvision and timm
};

// How a byte 0..255 becomes an element of the network's input.
enum class InputEncoding {
  normalize,  // float32 ((byte * rescale) - mean[c]) / deviation[c], each step in float32
  raw_u8,     // the byte
  raw_i8,     // the byte - 128
};

struct PreprocessSpec {
  ResizeMode mode = ResizeMode::crop_square;
  ResizeFilter filter = ResizeFilter::pil_bilinear;
  CropRounding rounding = CropRounding::down;
  InputEncoding encoding = InputEncoding::normalize;
  double crop_fraction = 0.875;
  int shortest_edge = 0;       // for shortest_edge_crop, at the default input size; another size scales it
  int crop_size = 0;           // the default input size that shortest_edge belongs to
  bool swap_red_blue = false;  // the network wants BGR
  float rescale = 1.0f / 255;
  bool divide_by_255 = false;  // byte / 255 (timm) instead of byte * rescale (Hugging Face); differs in the last bit
  std::array<float, 3> mean{0.5f, 0.5f, 0.5f};
  std::array<float, 3> deviation{0.5f, 0.5f, 0.5f};
  float pad_byte = 127.5f;  // in units of a byte, before encoding

  bool operator==(const PreprocessSpec&) const = default;
};

}  // namespace mobilenet
