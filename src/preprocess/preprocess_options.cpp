// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "preprocess/preprocess_options.h"

#include <cmath>

#include "base/error.h"
#include "spec/input_encoding.h"

namespace mobilenet {
namespace {

constexpr double kUsualFraction = 0.875;  // 224 of 256, what ImageNet's classifiers are tested with

Result<void> set_geometry(PreprocessSpec& spec, PreprocessPolicy policy) {
  const PreprocessSpec plain;
  spec.filter = ResizeFilter::pil_bilinear;
  spec.resampler = plain.resampler;
  spec.rounding = plain.rounding;
  spec.input_size = InputSize::fixed;
  spec.crop_fraction = kUsualFraction;
  spec.resize_height = spec.resize_width = spec.longest_edge = spec.base_height = spec.base_width = 0;
  spec.unknown.geometry.clear();
  spec.unknown.filter.clear();
  switch (policy) {
    case PreprocessPolicy::crop:
      spec.mode = ResizeMode::crop;
      return {};
    case PreprocessPolicy::tf_slim:
      spec.mode = ResizeMode::central_crop;
      spec.filter = ResizeFilter::tf_bilinear_legacy;
      return {};
    case PreprocessPolicy::squash:
      spec.mode = ResizeMode::squash;
      return {};
    case PreprocessPolicy::pad:
      spec.mode = ResizeMode::pad;
      return {};
    case PreprocessPolicy::square:
      spec.mode = ResizeMode::crop;
      spec.crop_fraction = 1;
      return {};
    case PreprocessPolicy::letterbox:
      spec.mode = ResizeMode::fit;
      return {};
  }
  return failure(ErrorCode::invalid_argument, "preprocess: ", static_cast<int>(policy), " is no geometry");
}

bool is_filter(ResizeFilter filter) {
  return filter >= ResizeFilter::pil_nearest && filter <= ResizeFilter::tf_bilinear_half_pixel;
}

Result<void> check_and_set(PreprocessSpec& spec, const PixelEncoding& encoding) {
  constexpr float kMost = 1e6f, kLeastDeviation = 1e-9f;
  for (std::size_t c = 0; c < 3; ++c) {
    const float mean = encoding.mean[c], deviation = encoding.deviation[c];
    if (!(std::abs(mean) <= kMost && deviation >= kLeastDeviation && deviation <= kMost))
      return failure(ErrorCode::invalid_argument, "encoding: a mean of ", mean, " and a deviation of ", deviation,
                     "; expected numbers up to ", kMost, ", the deviation above 0");
  }
  set_encoding(encoding, spec);
  return {};
}

}  // namespace

Result<PreprocessSpec> with_options(PreprocessSpec spec, const PreprocessOptions& options) {
  if (options.geometry) MOBILENET_CHECK(set_geometry(spec, *options.geometry));
  if (options.filter) {
    if (!is_filter(*options.filter))
      return failure(ErrorCode::invalid_argument, "filter: ", static_cast<int>(*options.filter), " is no filter");
    spec.filter = *options.filter;
    spec.unknown.filter.clear();
  }
  if (options.encoding) MOBILENET_CHECK(check_and_set(spec, *options.encoding));
  if (options.channels) {
    if (*options.channels != ChannelOrder::rgb && *options.channels != ChannelOrder::bgr)
      return failure(ErrorCode::invalid_argument, "channels: ", static_cast<int>(*options.channels), " is no order");
    spec.swap_red_blue = *options.channels == ChannelOrder::bgr;
  }
  return spec;
}

}  // namespace mobilenet
