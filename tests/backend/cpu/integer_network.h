// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Small integer networks with random constants. Zero points and scales are those that real files stretch to.

#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "network/network.h"

namespace mobilenet::testing {

class IntegerNetwork {
 public:
  IntegerNetwork(DataType type, unsigned seed) : type_(type), random_(seed) {}

  TensorId activation(const std::string& name, Shape shape) {
    const bool is_signed = type_ == DataType::i8;
    const std::int32_t zero = static_cast<std::int32_t>(random_() % 256) - (is_signed ? 128 : 0);
    return tensor(name, type_, shape, Quantization{{1.0f}, {zero}, 0});
  }

  // A weight whose sums over `depth` products fill the output's range, and a bias.
  std::vector<TensorId> constants(const std::string& name, Shape shape, WeightLayout layout, int outputs, int depth) {
    const bool is_signed = type_ == DataType::i8;
    Quantization quantization;
    const float scale = 40.0f / (50.0f * 40.0f * std::sqrt(static_cast<float>(depth)));
    for (int i = 0; i < (is_signed ? outputs : 1); ++i) {
      quantization.scales.push_back(scale * (0.5f + static_cast<float>(random_() % 1000) / 1000.0f));
      quantization.zero_points.push_back(is_signed ? 0 : kWeightZeroPoints[random_() % std::size(kWeightZeroPoints)]);
    }
    quantization.axis = layout == WeightLayout::hwc ? 3 : 0;
    const TensorId weight = tensor(name + "/weight", type_, shape, quantization);
    bytes(weight, layout, static_cast<std::size_t>(shape.elements()), quantization.zero_points[0]);
    const TensorId bias = tensor(name + "/bias", DataType::i32, {outputs}, std::nullopt);
    std::vector<std::int32_t>& values = integers_.emplace_back();
    for (int i = 0; i < outputs; ++i) values.push_back(static_cast<std::int32_t>(random_() % 20000) - 10000);
    parameter(bias, WeightLayout::none, std::as_bytes(std::span(values)));
    return {weight, bias};
  }

  TensorId node(const std::string& name, Op op, std::vector<TensorId> inputs, Shape output) {
    const TensorId id = activation(name, output);
    network_.nodes.push_back({name, std::move(op), std::move(inputs), id});
    return id;
  }

  TensorId convolution(const std::string& name, TensorId x, int channels, int outputs, int kernel, int stride) {
    std::vector<TensorId> inputs = {x};
    for (const TensorId id :
         constants(name, {outputs, kernel, kernel, channels}, WeightLayout::ohwi, outputs, kernel * kernel * channels))
      inputs.push_back(id);
    return node(name, Conv2dOp{window(kernel, stride, 1), 1, Activation::none}, inputs, {});
  }

  TensorId depthwise(const std::string& name, TensorId x, int channels, int kernel, int stride, int dilation) {
    std::vector<TensorId> inputs = {x};
    for (const TensorId id :
         constants(name, {1, kernel, kernel, channels}, WeightLayout::hwc, channels, kernel * kernel))
      inputs.push_back(id);
    return node(name, DepthwiseConv2dOp{window(kernel, stride, dilation), 1, Activation::none}, inputs, {});
  }

  static Window window(int kernel, int stride, int dilation) {
    return {kernel, kernel, stride, stride, dilation, dilation, {Padding::Rule::same, 0, 0, 0, 0}};
  }

  Network& network() { return network_; }
  Parameters& parameters() { return parameters_; }
  std::mt19937& random() { return random_; }

 private:
  static constexpr std::int32_t kWeightZeroPoints[] = {0, 255, 128, 131, 74};

  TensorId tensor(const std::string& name, DataType type, Shape shape, std::optional<Quantization> quantization) {
    network_.tensors.push_back({name, type, shape, std::move(quantization), -1});
    return static_cast<TensorId>(network_.tensors.size()) - 1;
  }

  // Mostly near the zero point, so that layers do not saturate one after the other, with the extremes among them.
  void bytes(TensorId id, WeightLayout layout, std::size_t count, std::int32_t zero_point) {
    const double low = type_ == DataType::i8 ? -128 : 0;
    std::normal_distribution<double> distribution(zero_point, 50);
    std::vector<std::uint8_t>& values = bytes_.emplace_back(count);
    for (std::uint8_t& value : values)
      value = static_cast<std::uint8_t>(std::lround(std::clamp(distribution(random_), low, low + 255)));
    parameter(id, layout, std::as_bytes(std::span(values)));
  }

  void parameter(TensorId id, WeightLayout layout, std::span<const std::byte> bytes) {
    Tensor& tensor = network_.tensor(id);
    tensor.parameter = static_cast<int>(parameters_.values.size());
    parameters_.values.push_back({tensor.name, tensor.type, tensor.shape, layout, bytes});
  }

  DataType type_;
  std::mt19937 random_;
  Network network_;
  Parameters parameters_;
  std::deque<std::vector<std::uint8_t>> bytes_;
  std::deque<std::vector<std::int32_t>> integers_;
};

}  // namespace mobilenet::testing
