// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a layer of a network can be told: for the calls of NetworkBuilder (network.h), and inside the operators
// themselves.

#include <span>
#include <string_view>

namespace mobilenet {

// relu_n1_to_1 and relu_0_to_1 cut off below the first number and above the second.
enum class Activation { none, relu, relu6, hard_swish, hard_sigmoid, sigmoid, relu_n1_to_1, relu_0_to_1 };

enum class PaddingRule {
  same,       // TensorFlow's: output = ceil(input / stride), the odd pixel goes to the bottom and the right
  symmetric,  // PyTorch's: dilation * (kernel - 1) / 2 on every side
  valid,      // none
};

struct ConvolutionOptions {
  std::span<const float> weight;     // [outputs][kernel][kernel][inputs]; depthwise: [kernel][kernel][channels]
  int outputs = 0;                   // convolution and dense; a depthwise layer keeps its channels
  std::span<const float> bias = {};  // [outputs], or empty
  int kernel = 1;
  int stride = 1;
  int dilation = 1;
  PaddingRule padding = PaddingRule::same;
  Activation activation = Activation::none;
  std::string_view name = {};  // of the layer and its output tensor; empty: made up
};

struct DenseOptions {
  std::span<const float> weight;  // [outputs][inputs]
  int outputs = 0;
  std::span<const float> bias = {};
  Activation activation = Activation::none;
  std::string_view name = {};
};

struct PoolingOptions {
  int kernel = 2;
  int stride = 2;
  PaddingRule padding = PaddingRule::valid;
  std::string_view name = {};
};

// Where the cells of a map lie among the pixels of a larger one.
enum class Enlargement {
  half_pixel_centers,  // centres at i + 0.5: PyTorch, TensorFlow 2
  align_corners,       // the corner cells on the corner pixels: DeepLab
  top_left,            // cell i at pixel i * stride: TensorFlow 1's default
};

}  // namespace mobilenet
