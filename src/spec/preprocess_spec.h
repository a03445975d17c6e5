// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What must happen to a picture before the network sees it: plain data, filled by the weights readers.

#include <mobilenet/preprocess.h>

#include <array>
#include <string>

namespace mobilenet {

// The geometry, before any number is touched. All but crop and central_crop end with the centre of the input's size,
// filled up where the resized picture is smaller.
enum class ResizeMode {
  crop,           // the centre crop_fraction of the largest part in the input's proportions, at integer offsets
  central_crop,   // TF-slim: the central crop_fraction of both sides
  shortest_edge,  // the shorter side to resize_height, the longer truncated and at most longest_edge
  cover,          // timm: the smallest that covers resize_height x resize_width, both sides rounded
  fit,            // the largest that fits into resize_height x resize_width, both sides rounded
  squash,         // the whole picture to resize_height x resize_width, aspect ratio ignored
  pad,            // DeepLab: the longer side to the input's, the rest at the right and the bottom filled
  keep,           // no resizing
};

// Whose form of Pillow's filters; shows in the last bit of some bytes.
enum class Resampler {
  pillow,       // the vertical pass first where it takes away more than twice as many rows as the other columns
  torchvision,  // on tensors: the horizontal pass first; nearest counts in float32
};

// How the centre of a crop is rounded when the margin is odd.
enum class CropRounding {
  down,       // (size - crop) // 2: Hugging Face
  half_even,  // Python's round((size - crop) / 2): torchvision and timm
};

// How large the network's input becomes.
enum class InputSize {
  fixed,       // the model's or the session's
  of_picture,  // whatever shortest_edge or keep leave, picture by picture; only for networks that take any size
};

// What the files of a model leave open, as sentences without a subject: "resample is 9, which is no filter of Pillow".
// A picture cannot be prepared until the caller says what is unknown; raw tensors always can.
struct UnknownPreprocessing {
  std::string geometry, filter, encoding;

  bool operator==(const UnknownPreprocessing&) const = default;
};

// A byte 0..255 stands for the real number ((byte * rescale) - mean[c]) / deviation[c], each step in float32; c counts
// the network's channels. A quantised input stores the nearest of its steps.
struct PreprocessSpec {
  ResizeMode mode = ResizeMode::crop;
  ResizeFilter filter = ResizeFilter::pil_bilinear;
  Resampler resampler = Resampler::pillow;
  CropRounding rounding = CropRounding::down;
  InputSize input_size = InputSize::fixed;
  double crop_fraction = 0.875;
  // Sizes belong to an input of base_height x base_width; another input scales them. 0: the input's own size.
  int resize_height = 0, resize_width = 0;
  int longest_edge = 0;  // 0: no limit
  int base_height = 0, base_width = 0;
  bool swap_red_blue = false;  // the network wants BGR
  float rescale = 1.0f / 255;
  bool divide_by_255 = false;  // byte / 255 (timm) instead of byte * rescale (Hugging Face); differs in the last bit
  std::array<float, 3> mean{0.5f, 0.5f, 0.5f};
  std::array<float, 3> deviation{0.5f, 0.5f, 0.5f};
  std::array<float, 3> fill{127.5f, 127.5f, 127.5f};  // of fit and pad, in units of a byte; the other modes fill black
  UnknownPreprocessing unknown;

  bool operator==(const PreprocessSpec&) const = default;
};

}  // namespace mobilenet
