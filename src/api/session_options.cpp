// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "api/session_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/processors.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

constexpr int kMostSpin = 1'000'000;  // microseconds

// A number that somebody's cast, file or foreign language made an enumerator of.
bool is_known(Pooling pooling) {
  switch (pooling) {
    case Pooling::none:
    case Pooling::average:
      return true;
  }
  return false;
}

bool is_known(PreprocessPolicy policy) {
  switch (policy) {
    case PreprocessPolicy::crop:
    case PreprocessPolicy::tf_slim:
    case PreprocessPolicy::squash:
    case PreprocessPolicy::pad:
    case PreprocessPolicy::square:
    case PreprocessPolicy::letterbox:
      return true;
  }
  return false;
}

bool is_known(Device device) { return name_of(device) != "?"; }
bool is_known(Precision precision) { return name_of(precision) != "?"; }

template <class Enum>
Result<void> check_enumerator(std::string_view option, Enum value) {
  if (is_known(value)) return {};
  return failure(ErrorCode::invalid_argument, option, ": there is no value of the number ", static_cast<int>(value));
}

template <class Number>
Result<void> check_range(std::string_view option, Number value, Number least, Number most) {
  if (value >= least && value <= most) return {};  // not so for NaN
  return failure(ErrorCode::invalid_argument, option, ": is ", value, ", expected ", least, " to ", most);
}

Result<void> check_least(std::string_view option, int value, int least) {
  if (value >= least) return {};
  return failure(ErrorCode::invalid_argument, option, ": is ", value, ", expected at least ", least);
}

Result<void> check_names(std::string_view option, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) return failure(ErrorCode::invalid_argument, option, ": name ", i + 1, " is empty");
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i))
      return failure(ErrorCode::invalid_argument, option, ": ", names[i], " is named twice");
  }
  return {};
}

Result<void> check_input_size(int height, int width) {
  MOBILENET_CHECK(check_range("input_height", height, 0, kMostPixels));
  MOBILENET_CHECK(check_range("input_width", width, 0, kMostPixels));
  if ((height == 0) != (width == 0))
    return failure(ErrorCode::invalid_argument, "input_height, input_width: are ", height, " and ", width,
                   ", expected both, or neither for the model's own size");
  return {};
}

Result<void> check_share(std::string_view option, std::optional<float> value) {
  return value ? check_range(option, *value, 0.0f, 1.0f) : Result<void>();
}

Result<void> check_suppression(const SuppressionOptions& options) {
  MOBILENET_CHECK(check_share("suppression.iou_threshold", options.iou_threshold));
  if (options.max_per_class) MOBILENET_CHECK(check_least("suppression.max_per_class", *options.max_per_class, 1));
  for (const float threshold : options.class_thresholds)
    MOBILENET_CHECK(check_share("suppression.class_thresholds", threshold));
  return {};
}

}  // namespace

Result<void> check_options(const SessionOptions& options) {
  MOBILENET_CHECK(check_enumerator("device", options.device));
  MOBILENET_CHECK(check_enumerator("precision", options.precision));
  MOBILENET_CHECK(check_range("threads", options.threads, 0, kMostThreads));
  MOBILENET_CHECK(check_range("spin_us", options.spin_us, 0, kMostSpin));
  if (options.executor != nullptr) MOBILENET_CHECK(check_least("executor: threads()", options.executor->threads(), 1));
  MOBILENET_CHECK(check_input_size(options.input_height, options.input_width));
  if (options.preprocess) MOBILENET_CHECK(check_enumerator("preprocess", *options.preprocess));
  MOBILENET_CHECK(check_least("top", options.top, 1));
  MOBILENET_CHECK(check_share("score_threshold", options.score_threshold));
  if (options.max_detections) MOBILENET_CHECK(check_least("max_detections", *options.max_detections, 0));
  MOBILENET_CHECK(check_suppression(options.suppression));
  MOBILENET_CHECK(check_names("layers", options.layers));
  MOBILENET_CHECK(check_enumerator("pooling", options.pooling));
  MOBILENET_CHECK(check_names("tensors", options.tensors));
  return {};
}

int threads_of(const SessionOptions& options) {
  if (options.executor == nullptr) return options.threads > 0 ? options.threads : physical_cores();
  const int most = std::min(options.executor->threads(), kMostThreads);
  return options.threads > 0 ? std::min(options.threads, most) : most;
}

}  // namespace mobilenet
