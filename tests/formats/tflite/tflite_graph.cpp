// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/tflite_graph.h"

#include <algorithm>

namespace mobilenet::testing {
namespace {

using schema::BuiltinOperator;
using schema::BuiltinOptions;
using schema::TensorType;

std::vector<std::uint8_t> floats(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = 0.01f * static_cast<float>(i % 17) - 0.08f;
  return as_data(values);
}

GraphOperator convolution(std::vector<int> inputs, int output) {
  GraphOperator op{BuiltinOperator::CONV_2D, std::move(inputs), {output}};
  set_options(op, BuiltinOptions::Conv2DOptions, [](auto& builder) {
    return schema::CreateConv2DOptions(builder, schema::PaddingRule::SAME, 2, 2, schema::FusedActivation::RELU6);
  });
  return op;
}

GraphOperator depthwise(std::vector<int> inputs, int output) {
  GraphOperator op{BuiltinOperator::DEPTHWISE_CONV_2D, std::move(inputs), {output}};
  set_options(op, BuiltinOptions::DepthwiseConv2DOptions, [](auto& builder) {
    return schema::CreateDepthwiseConv2DOptions(builder, schema::PaddingRule::SAME, 1, 1, 1,
                                                schema::FusedActivation::NONE);
  });
  return op;
}

GraphOperator add(std::vector<int> inputs, int output) {
  GraphOperator op{BuiltinOperator::ADD, std::move(inputs), {output}};
  set_options(op, BuiltinOptions::AddOptions, [](auto& builder) { return schema::CreateAddOptions(builder); });
  return op;
}

void append(std::vector<std::uint8_t>& bytes, const std::vector<std::uint8_t>& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

void append_number(std::vector<std::uint8_t>& bytes, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint32_t crc32(const std::string& text) {
  std::uint32_t crc = ~0u;
  for (const char c : text) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

}  // namespace

std::vector<std::uint8_t> GraphFile::bytes() const {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Buffer>> buffer_list{schema::CreateBuffer(builder)};
  std::vector<flatbuffers::Offset<schema::Tensor>> tensor_list;
  std::vector<std::uint8_t> behind;
  // Far enough behind for every graph that these tests make.
  constexpr std::uint64_t kBehindOffset = 1 << 16;
  const auto add_buffer = [&](const std::vector<std::uint8_t>& data) {
    if (buffers_behind) {
      buffer_list.push_back(schema::CreateBuffer(builder, 0, kBehindOffset + behind.size(), data.size() + extra_size));
      append(behind, data);
    } else {
      buffer_list.push_back(schema::CreateBufferDirect(builder, &data));
    }
    return static_cast<std::uint32_t>(buffer_list.size() - 1);
  };
  for (const GraphTensor& tensor : tensors) {
    const std::uint32_t own = tensor.data.empty() ? 0 : add_buffer(tensor.data);
    flatbuffers::Offset<schema::QuantizationParameters> quantization = 0;
    if (!tensor.scales.empty())
      quantization =
          schema::CreateQuantizationParametersDirect(builder, &tensor.scales, &tensor.zero_points, 0, tensor.axis);
    flatbuffers::Offset<schema::Unread> sparsity = 0;
    if (tensor.sparse) sparsity = schema::CreateUnread(builder);
    tensor_list.push_back(schema::CreateTensorDirect(builder, &tensor.shape, tensor.type, tensor.buffer.value_or(own),
                                                     tensor.name.c_str(), quantization, tensor.variable, sparsity,
                                                     tensor.signature.empty() ? nullptr : &tensor.signature));
  }
  std::vector<flatbuffers::Offset<schema::OperatorCode>> code_list;
  std::vector<flatbuffers::Offset<schema::Operator>> operator_list;
  for (const GraphOperator& op : operators) {
    const int narrow = std::min(static_cast<int>(op.code), 127);
    code_list.push_back(schema::CreateOperatorCodeDirect(builder, static_cast<std::int8_t>(narrow),
                                                         op.custom_code.empty() ? nullptr : op.custom_code.c_str(),
                                                         op.version, op.code));
    flatbuffers::Offset<void> options = 0;
    if (op.options) options = op.options(builder);
    operator_list.push_back(schema::CreateOperatorDirect(builder, static_cast<std::uint32_t>(code_list.size() - 1),
                                                         &op.inputs, &op.outputs, op.options_type, options,
                                                         op.custom_options.empty() ? nullptr : &op.custom_options));
  }
  std::vector<flatbuffers::Offset<schema::SubGraph>> graph_list;
  for (int i = 0; i < graphs; ++i)
    graph_list.push_back(schema::CreateSubGraphDirect(builder, &tensor_list, &inputs, &outputs, &operator_list));
  std::vector<flatbuffers::Offset<schema::Metadata>> metadata_list;
  if (!metadata.empty()) {
    buffer_list.push_back(schema::CreateBufferDirect(builder, &metadata));
    metadata_list.push_back(
        schema::CreateMetadataDirect(builder, "TFLITE_METADATA", static_cast<std::uint32_t>(buffer_list.size() - 1)));
  }
  schema::FinishModelBuffer(
      builder, schema::CreateModelDirect(builder, static_cast<std::uint32_t>(version), &code_list, &graph_list,
                                         "made by a test", &buffer_list, &metadata_list));
  std::vector<std::uint8_t> file(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  if (buffers_behind) {
    file.resize(kBehindOffset);
    append(file, behind);
  }
  return file;
}

GraphFile small_float_graph() {
  GraphFile graph;
  graph.tensors = {
      {"input", {1, 8, 8, 3}},
      {"stem/weight", {4, 3, 3, 3}, TensorType::FLOAT32, floats(108)},
      {"stem/bias", {4}, TensorType::FLOAT32, floats(4)},
      {"stem", {1, 4, 4, 4}},
      {"depthwise/weight", {1, 3, 3, 4}, TensorType::FLOAT32, floats(36)},
      {"depthwise/bias", {4}, TensorType::FLOAT32, floats(4)},
      {"depthwise", {1, 4, 4, 4}},
      {"sum", {1, 4, 4, 4}},
      {"mean/axes", {2}, TensorType::INT32, as_data<std::int32_t>({1, 2})},
      {"mean", {1, 4}},
      {"dense/weight", {5, 4}, TensorType::FLOAT32, floats(20)},
      {"dense/bias", {5}, TensorType::FLOAT32, floats(5)},
      {"dense", {1, 5}},
      {"scores", {1, 5}},
  };
  graph.operators = {
      convolution({kInput, kStemWeight, kStemBias}, kStem),
      depthwise({kStem, kDepthwiseWeight, kDepthwiseBias}, kDepthwise),
      add({kStem, kDepthwise}, kSum),
      {BuiltinOperator::MEAN, {kSum, kMeanAxes}, {kMean}},
      {BuiltinOperator::FULLY_CONNECTED, {kMean, kDenseWeight, kDenseBias}, {kDense}},
      {BuiltinOperator::SOFTMAX, {kDense}, {kScores}},
  };
  set_options(graph.operators[kSoftmax], BuiltinOptions::SoftmaxOptions,
              [](auto& builder) { return schema::CreateSoftmaxOptions(builder, 1.0f); });
  graph.inputs = {kInput};
  graph.outputs = {kScores};
  return graph;
}

GraphFile small_i8_graph() {
  GraphFile graph = small_float_graph();
  graph.tensors.resize(kSum + 1);
  graph.operators.resize(kAdd + 1);
  graph.outputs = {kSum};
  for (GraphTensor& tensor : graph.tensors) {
    tensor.type = TensorType::INT8;
    tensor.scales = {0.05f};
    tensor.zero_points = {-3};
  }
  const auto weight = [&](int index, std::size_t count, int axis) {
    GraphTensor& tensor = graph.tensors[static_cast<std::size_t>(index)];
    tensor.data.assign(count, 7);
    tensor.scales = {0.1f, 0.2f, 0.3f, 0.4f};
    tensor.zero_points = {0, 0, 0, 0};
    tensor.axis = axis;
  };
  weight(kStemWeight, 108, 0);
  weight(kDepthwiseWeight, 36, 3);
  for (const int index : {kStemBias, kDepthwiseBias}) {
    weight(index, 16, 0);
    graph.tensors[static_cast<std::size_t>(index)].type = TensorType::INT32;
  }
  return graph;
}

std::vector<std::uint8_t> stored_zip(const std::string& name, const std::string& text, std::size_t base) {
  std::vector<std::uint8_t> zip;
  const auto entry = [&](std::uint32_t signature, bool central) {
    append_number(zip, signature, 4);
    if (central) append_number(zip, 20, 2);
    append_number(zip, 20, 2);  // version needed
    append_number(zip, 0, 8);   // flags, stored, time, date
    append_number(zip, crc32(text), 4);
    append_number(zip, text.size(), 4);
    append_number(zip, text.size(), 4);
    append_number(zip, name.size(), 2);
    append_number(zip, 0, 2);  // no extra field
    if (central) {
      append_number(zip, 0, 4);  // no comment, disk 0
      append_number(zip, 0, 6);  // attributes
      append_number(zip, base, 4);
    }
    zip.insert(zip.end(), name.begin(), name.end());
  };
  entry(0x04034b50, false);
  zip.insert(zip.end(), text.begin(), text.end());
  const std::size_t directory = zip.size();
  entry(0x02014b50, true);
  const std::size_t directory_bytes = zip.size() - directory;
  append_number(zip, 0x06054b50, 4);
  append_number(zip, 0, 4);  // disks
  append_number(zip, 1, 2);
  append_number(zip, 1, 2);
  append_number(zip, directory_bytes, 4);
  append_number(zip, base + directory, 4);
  append_number(zip, 0, 2);
  return zip;
}

SourceFile source_of(const std::vector<std::uint8_t>& bytes, std::string name) {
  return {std::move(name), {}, std::as_bytes(std::span(bytes)), nullptr};
}

}  // namespace mobilenet::testing
