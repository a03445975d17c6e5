// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Builds the one-operator network of a case, runs it, compares outputs.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <sstream>

#include "backend/operator_cases.h"
#include "backend/packed.h"
#include "base/half.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet::testing {
namespace {

// Uniform numbers from the generator's own bits: std distributions differ between standard libraries.
class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  float uniform(float low, float high) { return low + (high - low) * static_cast<float>(engine_() >> 8) * 0x1p-24f; }
  std::int32_t integer(std::int32_t low, std::int32_t high) {
    const std::uint64_t span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int32_t>((static_cast<std::uint64_t>(engine_()) * span) >> 32);
  }

 private:
  std::mt19937 engine_;
};

constexpr float kActivationScale = 0.043f;   // relu6 ends at 140 steps
constexpr float kUniformByteDeviation = 74;  // of a uniform byte, in steps
constexpr float kWantedDeviation = 60;       // of integer results: some saturate

class ModelBuilder {
 public:
  ModelBuilder(const OperatorCase& c, std::uint32_t seed) : case_(c), random_(seed) {}

  OperatorModel build() {
    node_.name = "node";
    node_.op = case_.op;
    for (std::size_t i = 0; i < case_.inputs.size(); ++i) add_input(i);
    output_scale_ = kActivationScale;
    output_zero_point_ = zero_point(1);
    std::visit([&](const auto& op) { add_constants(op); }, case_.op);
    std::visit([&](const auto& op) { choose_output(op); }, case_.op);
    Tensor output;
    output.name = "out";
    output.type = activation_type();
    if (is_integer(case_.numbers)) output.quantization = Quantization{{output_scale_}, {output_zero_point_}, 0};
    std::visit([&](const auto& op) { choose_type(op, output); }, case_.op);
    node_.output = add(std::move(output));
    model_.network.outputs = {node_.output};
    if (std::holds_alternative<DetectionPostProcessOp>(case_.op))
      for (const char* name : {"classes", "scores", "count"}) {
        node_.extra_outputs.push_back(add({name, DataType::f32, {}, {}, -1}));
        model_.network.outputs.push_back(node_.extra_outputs.back());
      }
    model_.network.nodes.push_back(std::move(node_));
    return std::move(model_);
  }

 private:
  DataType activation_type() const {
    if (!is_integer(case_.numbers)) return DataType::f32;
    return case_.numbers == Numbers::u8 ? DataType::u8 : DataType::i8;
  }

  // `shift` keeps the zero points of different tensors apart.
  std::int32_t zero_point(std::int32_t shift) const {
    const IntegerRange range = type_range(activation_type());
    switch (case_.zero_points) {
      case ZeroPoints::middle:
        return range.low + 120 + shift * 7;
      case ZeroPoints::lowest:
        return range.low;
      case ZeroPoints::highest:
        return range.high;
    }
    return 0;
  }

  TensorId add(Tensor tensor) {
    model_.network.tensors.push_back(std::move(tensor));
    return static_cast<TensorId>(model_.network.tensors.size() - 1);
  }

  void add_input(std::size_t i) {
    Tensor tensor;
    tensor.name = "x" + std::to_string(i);
    tensor.type = activation_type();
    tensor.shape = case_.inputs[i];
    const auto elements = static_cast<std::size_t>(case_.inputs[i].elements());
    std::vector<std::byte> bytes(elements * size_of(tensor.type));
    if (is_integer(case_.numbers)) {
      // A softmax needs steps that its probabilities can tell apart.
      const float wide = std::holds_alternative<SoftmaxOp>(case_.op) ? 3.5f : 1.0f;
      const float scale = kActivationScale * wide * (i == 0 ? 1.0f : 0.61f);
      tensor.quantization = Quantization{{scale}, {zero_point(i == 0 ? 0 : 2)}, 0};
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_.integer(0, 255));
    } else {
      for (std::size_t k = 0; k < elements; ++k) {
        const float value = random_.uniform(-4, 8);
        std::memcpy(bytes.data() + k * sizeof value, &value, sizeof value);
      }
    }
    const TensorId id = add(std::move(tensor));
    model_.network.inputs.push_back(id);
    model_.input_shapes.push_back(case_.inputs[i]);
    model_.inputs.push_back(std::move(bytes));
    node_.inputs.push_back(id);
  }

  // Appends a constant to the node's inputs.
  template <class T>
  void add_constant(const char* name, DataType type, const Shape& shape, WeightLayout layout,
                    const std::vector<T>& values, std::optional<Quantization> quantization) {
    auto owner = std::make_shared<const std::vector<T>>(values);
    Parameter parameter;
    parameter.name = name;
    parameter.type = type;
    parameter.shape = shape;
    parameter.layout = layout;
    parameter.bytes = std::as_bytes(std::span<const T>(*owner));
    model_.parameters.owners.push_back(owner);
    model_.parameters.values.push_back(std::move(parameter));
    Tensor tensor;
    tensor.name = name;
    tensor.type = type;
    tensor.shape = shape;
    tensor.quantization = std::move(quantization);
    tensor.parameter = static_cast<int>(model_.parameters.values.size() - 1);
    node_.inputs.push_back(add(std::move(tensor)));
  }

  void add_real_constant(const char* name, const Shape& shape, WeightLayout layout, float low, float high) {
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    for (float& value : values) value = random_.uniform(low, high);
    if (case_.numbers != Numbers::f16_weights)
      return add_constant(name, DataType::f32, shape, layout, values, std::nullopt);
    std::vector<std::uint16_t> halves;
    for (const float value : values) halves.push_back(float_to_half(value));
    add_constant(name, DataType::f16, shape, layout, halves, std::nullopt);
  }

  // A weight of logical [outputs][kh][kw][inputs], `inputs` counted in one group, and its bias.
  void add_weight_and_bias(const Window& window, int inputs, bool depthwise, bool dense) {
    const int outputs = case_.outputs;
    const std::int64_t kh = window.kernel_height, kw = window.kernel_width;
    Shape shape{outputs, kh, kw, inputs};
    WeightLayout layout = WeightLayout::ohwi;
    int axis = 0;
    if (case_.torch_layout) {
      shape = Shape{outputs, inputs, kh, kw};
      layout = WeightLayout::oihw;
    } else if (dense) {
      shape = Shape{outputs, inputs};
      layout = WeightLayout::oi;
    } else if (depthwise) {
      shape = Shape{1, kh, kw, outputs};
      layout = WeightLayout::hwc;
      axis = 3;
    }
    const float taps = static_cast<float>(inputs) * static_cast<float>(kh * kw);
    const float reach = std::sqrt(taps);
    if (!is_integer(case_.numbers) && case_.numbers != Numbers::i8_weights) {
      add_real_constant("weight", shape, layout, -1 / reach, 1 / reach);
    } else {
      add_integer_weight(shape, layout, axis, reach);
    }
    if (!case_.with_bias) return;
    if (!is_integer(case_.numbers)) return add_real_constant("bias", {outputs}, WeightLayout::none, -1, 1);
    std::vector<std::int32_t> bias;
    const auto spread = static_cast<std::int32_t>(kUniformByteDeviation * kUniformByteDeviation * reach / 2);
    // Zero points at the ends of their types make every product positive or negative; the bias takes that back.
    const float mean = taps * mean_distance(activation_type(), zero_point(0)) *
                       (case_.numbers == Numbers::u8 ? mean_distance(DataType::u8, weight_zero_point()) : 0.0f);
    for (int o = 0; o < outputs; ++o)
      bias.push_back(random_.integer(-spread, spread) - static_cast<std::int32_t>(mean));
    add_constant("bias", DataType::i32, {outputs}, WeightLayout::none, bias, std::nullopt);
  }

  void add_integer_weight(const Shape& shape, WeightLayout layout, int axis, float reach) {
    // One step of the weight, so that sums of uniform bytes spread by kWantedDeviation steps of the output.
    const bool int4 = case_.numbers == Numbers::int4_weights;
    const float step = (int4 ? 16 : 1) * kWantedDeviation / (kUniformByteDeviation * kUniformByteDeviation * reach);
    const bool per_channel = case_.numbers != Numbers::u8 && case_.numbers != Numbers::i8;
    Quantization quantization;
    quantization.axis = axis;
    for (int o = 0; o < (per_channel ? case_.outputs : 1); ++o) {
      quantization.scales.push_back(per_channel ? step * random_.uniform(0.3f, 2.0f) : step);
      quantization.zero_points.push_back(case_.numbers == Numbers::u8 ? weight_zero_point() : 0);
    }
    const auto elements = static_cast<std::size_t>(shape.elements());
    if (case_.numbers == Numbers::u8) {
      std::vector<std::uint8_t> values(elements);
      for (std::uint8_t& value : values) value = static_cast<std::uint8_t>(random_.integer(0, 255));
      add_constant("weight", DataType::u8, shape, layout, values, std::move(quantization));
    } else {
      std::vector<std::int8_t> values(elements);
      for (std::int8_t& value : values)
        value = static_cast<std::int8_t>(int4 ? random_.integer(-8, 7) : random_.integer(-127, 127));
      add_constant("weight", DataType::i8, shape, layout, values, std::move(quantization));
      model_.network.tensors.back().int4 = int4;
    }
  }

  static float mean_distance(DataType type, std::int32_t zero_point) {
    return static_cast<float>(type_range(type).low) + 127.5f - static_cast<float>(zero_point);
  }

  std::int32_t weight_zero_point() const {
    switch (case_.zero_points) {
      case ZeroPoints::middle:
        return 133;
      case ZeroPoints::lowest:
        return 0;
      case ZeroPoints::highest:
        return 255;
    }
    return 0;
  }

  void add_constants(const Conv2dOp& op) {
    add_weight_and_bias(op.window, static_cast<int>(case_.inputs[0][3]) / op.groups, false, false);
  }
  void add_constants(const DepthwiseConv2dOp& op) { add_weight_and_bias(op.window, 1, true, false); }
  void add_constants(const TransposeConv2dOp& op) {
    add_weight_and_bias(op.window, static_cast<int>(case_.inputs[0][3]), false, false);
  }
  void add_constants(const DenseOp&) {
    add_weight_and_bias({}, static_cast<int>(case_.inputs[0].elements() / case_.inputs[0][0]), false, true);
  }
  void add_constants(const BatchNormOp&) {
    const Shape channels{case_.inputs[0][case_.inputs[0].rank() - 1]};
    add_real_constant("gamma", channels, WeightLayout::none, 0.5f, 2);
    add_real_constant("beta", channels, WeightLayout::none, -1, 1);
    add_real_constant("mean", channels, WeightLayout::none, -2, 2);
    add_real_constant("variance", channels, WeightLayout::none, 1e-4f, 2);
  }
  void add_constants(const DetectionPostProcessOp&) {
    std::vector<float> anchors;
    for (std::int64_t i = 0; i < case_.inputs[0][1]; ++i)
      for (const float low : {0.0f, 0.0f, 0.1f, 0.1f}) anchors.push_back(random_.uniform(low, low > 0 ? 0.6f : 1.0f));
    add_constant("anchors", DataType::f32, {case_.inputs[0][1], 4}, WeightLayout::none, anchors, std::nullopt);
  }
  template <class Other>
  void add_constants(const Other&) {}

  // Outputs that are not numbers of the network's own type.
  void choose_type(const ArgMaxOp&, Tensor& output) const {
    output.type = case_.outputs == kIndex64 ? DataType::i64 : DataType::i32;
    output.quantization.reset();
  }
  static void choose_type(const DetectionPostProcessOp&, Tensor& output) {
    output.type = DataType::f32;
    output.quantization.reset();
  }
  template <class Other>
  static void choose_type(const Other&, Tensor&) {}

  // The output's scale and zero point: the operator's own where it has rules, otherwise unlike those of the inputs.
  void choose_output(const SoftmaxOp&) { choose_probability(); }
  void choose_output(const ActivationOp& op) {
    if (op.activation == Activation::sigmoid)
      choose_probability();
    else
      choose_range(op.activation);
  }
  void choose_output(const PoolOp&) { choose_input(); }
  void choose_output(const ReshapeOp&) { choose_input(); }
  void choose_output(const PadOp&) { choose_input(); }
  void choose_output(const TransposeOp&) { choose_input(); }
  void choose_output(const SliceOp&) { choose_input(); }
  void choose_output(const TileOp&) { choose_input(); }
  void choose_output(const ResizeNearestOp&) { choose_input(); }
  void choose_output(const ResizeBilinearOp&) { choose_input(); }
  void choose_output(const Conv2dOp& op) { choose_range(op.activation); }
  void choose_output(const DepthwiseConv2dOp& op) { choose_range(op.activation); }
  void choose_output(const TransposeConv2dOp& op) { choose_range(op.activation); }
  void choose_output(const DenseOp& op) { choose_range(op.activation); }
  void choose_output(const AddOp& op) {
    output_scale_ = kActivationScale * 1.3f;
    choose_range(op.activation);
  }
  template <class Other>
  void choose_output(const Other&) {
    output_scale_ = kActivationScale * 1.3f;
  }

  // Above zero nothing would be left of a highest zero point.
  void choose_range(Activation activation) {
    if (activation != Activation::none) output_zero_point_ = type_range(activation_type()).low + 2;
  }
  void choose_probability() {
    output_scale_ = 1.0f / 256;
    output_zero_point_ = type_range(activation_type()).low;
  }
  void choose_input() { output_zero_point_ = zero_point(0); }

  const OperatorCase& case_;
  Random random_;
  OperatorModel model_;
  Node node_;
  float output_scale_ = 1;
  std::int32_t output_zero_point_ = 0;
};

std::string float_difference(const OperatorOutput& got, const OperatorOutput& expected, double tolerance) {
  double largest = 0, worst = 0;
  std::size_t where = 0;
  float got_there = 0, expected_there = 0;
  for (std::size_t i = 0; i * sizeof(float) < expected.bytes.size(); ++i) {
    float a, b;
    std::memcpy(&a, got.bytes.data() + i * sizeof a, sizeof a);
    std::memcpy(&b, expected.bytes.data() + i * sizeof b, sizeof b);
    largest = std::max(largest, std::abs(static_cast<double>(b)));
    const double distance = std::abs(static_cast<double>(a) - static_cast<double>(b));
    if (distance > worst || std::isnan(distance)) {
      worst = std::isnan(distance) ? HUGE_VAL : distance;
      where = i, got_there = a, expected_there = b;
    }
  }
  if (worst <= tolerance * largest) return {};
  std::ostringstream text;
  text << "element " << where << " is " << got_there << ", expected " << expected_there << " (" << worst
       << " of at most " << tolerance * largest << ")";
  return text.str();
}

std::string byte_difference(const OperatorOutput& got, const OperatorOutput& expected) {
  const auto [a, b] = std::mismatch(got.bytes.begin(), got.bytes.end(), expected.bytes.begin());
  if (a == got.bytes.end()) return {};
  std::size_t count = 0;
  for (std::size_t i = 0; i < got.bytes.size(); ++i) count += got.bytes[i] != expected.bytes[i] ? 1 : 0;
  std::ostringstream text;
  text << "byte " << a - got.bytes.begin() << " is " << static_cast<int>(*a) << ", expected " << static_cast<int>(*b)
       << " (" << count << " of " << got.bytes.size() << " differ)";
  return text.str();
}

}  // namespace

OperatorModel make_model(const OperatorCase& c, std::uint32_t seed) { return ModelBuilder(c, seed).build(); }

Result<std::vector<OperatorOutput>> run_on(const Backend& backend, const OperatorModel& model, int threads,
                                           Precision precision) {
  auto weights = packed(backend, model.network, model.parameters, precision);
  if (!weights) return weights.error();
  auto program = backend.compile(*weights, {model.input_shapes, model.network.outputs, threads});
  if (!program) return program.error();
  auto execution = (*program)->open({});
  if (!execution) return execution.error();
  for (std::size_t i = 0; i < model.inputs.size(); ++i)
    std::memcpy((*execution)->inputs()[i].data, model.inputs[i].data(), model.inputs[i].size());
  if (auto done = (*execution)->run(); !done) return done.error();
  std::vector<OperatorOutput> outputs;
  for (const TensorMemory& tensor : (*execution)->outputs())
    outputs.push_back({tensor.type, tensor.shape, {tensor.data, tensor.data + tensor.bytes}});
  return outputs;
}

std::string difference(const std::vector<OperatorOutput>& got, const std::vector<OperatorOutput>& expected,
                       double tolerance) {
  if (got.size() != expected.size()) return "another number of outputs";
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i].type != expected[i].type || got[i].bytes.size() != expected[i].bytes.size() ||
        !(got[i].shape == expected[i].shape))
      return "output is " + std::string(name_of(got[i].type)) + " " + to_string(got[i].shape) + ", expected " +
             std::string(name_of(expected[i].type)) + " " + to_string(expected[i].shape);
    std::string text = expected[i].type == DataType::f32 ? float_difference(got[i], expected[i], tolerance)
                                                         : byte_difference(got[i], expected[i]);
    if (!text.empty()) return text;
  }
  return {};
}

}  // namespace mobilenet::testing
