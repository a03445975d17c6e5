// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// .tflite files made by the tests themselves: a graph as plain data that a test case bends before it is written.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "formats/formats.h"
#include "formats/tflite/tflite_generated.h"

namespace mobilenet::testing {

namespace schema = tflite::schema;

struct GraphTensor {
  std::string name = {};
  std::vector<int> shape = {};
  schema::TensorType type = schema::TensorType::FLOAT32;
  std::vector<std::uint8_t> data = {};  // empty: an activation
  std::vector<float> scales = {};
  std::vector<std::int64_t> zero_points = {};
  int axis = 0;
  bool variable = false;
  bool sparse = false;
  std::vector<int> signature = {};
  std::optional<std::uint32_t> buffer = {};  // instead of the one that holds `data`
};

struct GraphOperator {
  schema::BuiltinOperator code = schema::BuiltinOperator::CONV_2D;
  std::vector<int> inputs = {};
  std::vector<int> outputs = {};
  schema::BuiltinOptions options_type = schema::BuiltinOptions::NONE;
  std::function<flatbuffers::Offset<void>(flatbuffers::FlatBufferBuilder&)> options = {};
  int version = 1;
  std::string custom_code = {};
  std::vector<std::uint8_t> custom_options = {};
};

struct GraphFile {
  std::vector<GraphTensor> tensors;
  std::vector<GraphOperator> operators;
  std::vector<int> inputs;
  std::vector<int> outputs;
  int version = 3;
  int graphs = 1;
  bool buffers_behind = false;         // constants lie behind the FlatBuffer, found by offset and size
  std::uint64_t extra_size = 0;        // added to those sizes
  std::vector<std::uint8_t> metadata;  // of TFLITE_METADATA

  int add(GraphTensor tensor) {
    tensors.push_back(std::move(tensor));
    return static_cast<int>(tensors.size()) - 1;
  }
  std::vector<std::uint8_t> bytes() const;
};

// Sets an operator's options: with_options<schema::AddOptions>(op, schema::BuiltinOptions::AddOptions, create).
template <class Create>
void set_options(GraphOperator& op, schema::BuiltinOptions type, Create create) {
  op.options_type = type;
  op.options = [create](flatbuffers::FlatBufferBuilder& builder) { return create(builder).Union(); };
}

template <class T>
std::vector<std::uint8_t> as_data(const std::vector<T>& values) {
  std::vector<std::uint8_t> data(values.size() * sizeof(T));
  std::memcpy(data.data(), values.data(), data.size());
  return data;
}

// Tensors and operators of the small classifier, by position.
enum SmallTensor {
  kInput,
  kStemWeight,
  kStemBias,
  kStem,
  kDepthwiseWeight,
  kDepthwiseBias,
  kDepthwise,
  kSum,
  kMeanAxes,
  kMean,
  kDenseWeight,
  kDenseBias,
  kDense,
  kScores,
};
enum SmallOperator { kConvolve, kConvolveDepthwise, kAdd, kAverage, kClassify, kSoftmax };

// 1x8x8x3 -> convolution 3x3 / 2 to 4 channels, ReLU6 -> depthwise 3x3 -> sum of both -> mean -> 5 classes -> softmax.
GraphFile small_float_graph();
// The same up to the sum in i8 with scales for each channel; its output is the sum.
GraphFile small_i8_graph();

// A zip archive of one stored file; `base`: the bytes that will lie in front of it, which its offsets count too.
std::vector<std::uint8_t> stored_zip(const std::string& name, const std::string& text, std::size_t base);

// The bytes stay in the caller's vector.
SourceFile source_of(const std::vector<std::uint8_t>& bytes, std::string name = "test.tflite");

}  // namespace mobilenet::testing
