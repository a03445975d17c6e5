// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// For tests of sessions on a GPU: small networks of every task, and all that a session says of a picture.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "backend/cuda/driver/device.h"

namespace mobilenet::testing {

// Skips tests where there is no GPU, with the reason.
class WithGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    auto found = cuda::device();
    if (!found) GTEST_SKIP() << found.error().message;
    device_ = *found;
  }
  const cuda::Device& device() const { return *device_; }
  // Bytes of the GPU that are taken, by whomever.
  std::int64_t used() const { return static_cast<std::int64_t>(device_->memory().value().used()); }

 private:
  const cuda::Device* device_ = nullptr;
};

inline SessionOptions on(Device device) {
  SessionOptions options;
  options.device = device;
  options.score_threshold = 0.01f;  // random weights are sure of nothing
  options.max_detections = 20;
  return options;
}

// A network for each task that answers.
inline constexpr std::array kSmallNetworks{"mobilenet_v2:0.35:64:21", "ssdlite_mobilenet_v2:0.35:96:5",
                                           "deeplab_mobilenet_v2:0.35:65:4"};

// All that the session answers to the picture, as bytes that can be compared. A failure is one of the test, and empty.
inline std::string said(Session& session, const ImageView& picture) {
  std::string bytes;
  const auto say = [&](const auto&... values) {
    (bytes.append(reinterpret_cast<const char*>(&values), sizeof values), ...);
  };
  const auto failed = [](const Error& error) {
    ADD_FAILURE() << error.message;
    return std::string();
  };
  const Task task = session.info().task;
  if (task == Task::classify) {
    const auto answer = session.classify(picture);
    if (!answer) return failed(answer.error());
    say(answer->size());
    for (const Classification& c : *answer) say(c.index, c.score);
  } else if (task == Task::detect) {
    const auto answer = session.detect(picture);
    if (!answer) return failed(answer.error());
    say(answer->size());
    for (const Detection& d : *answer) say(d.class_index, d.score, d.left, d.top, d.right, d.bottom);
  } else {
    const auto answer = session.segment(picture);
    if (!answer) return failed(answer.error());
    say(answer->width, answer->height);
    bytes.append(reinterpret_cast<const char*>(answer->mask.data()), answer->mask.size());
  }
  return bytes;
}

// Pictures of noise: seven sizes in all orientations and five formats.
class NoisePictures {
 public:
  static constexpr std::size_t kSizes = 7, kFormats = 5, kCount = kSizes * 8 * kFormats;

  NoisePictures() {
    std::mt19937 random(6);
    bytes_.resize(kMostPixels * 4);
    for (std::uint8_t& byte : bytes_) byte = static_cast<std::uint8_t>(random() & 255);
    floats_.resize(kMostPixels * 3);
    for (float& value : floats_) value = static_cast<float>(random() & 1023) / 1023;
  }
  // Neighbours differ in size; all kinds come in kCount pictures.
  ImageView at(std::size_t index) const {
    constexpr std::array<std::array<int, 2>, kSizes> kSides{
        {{17, 23}, {640, 360}, {61, 40}, {33, 480}, {300, 200}, {1, 1}, {129, 128}}};
    constexpr std::array<PixelFormat, kFormats> kAll{PixelFormat::rgb, PixelFormat::bgra, PixelFormat::rgb_float_planes,
                                                     PixelFormat::grey, PixelFormat::bgr};
    const auto& [width, height] = kSides.at(index % kSizes);
    const PixelFormat format = kAll.at(index / kSizes / 8 % kFormats);
    const bool has_floats = format == PixelFormat::rgb_float_planes;
    const void* const pixels = has_floats ? static_cast<const void*>(floats_.data()) : bytes_.data();
    ImageView view = ImageView::packed(pixels, format, width, height);
    view.orientation = orientation_from_exif(static_cast<int>(1 + index / kSizes % 8));
    return view;
  }

 private:
  static constexpr std::size_t kMostPixels = 640 * 360;
  std::vector<std::uint8_t> bytes_;
  std::vector<float> floats_;
};

inline std::string description_of(const ImageView& picture) {
  return std::to_string(picture.width) + "x" + std::to_string(picture.height) + ", format " +
         std::to_string(static_cast<int>(picture.format)) + ", orientation " +
         std::to_string(static_cast<int>(picture.orientation));
}

}  // namespace mobilenet::testing
