// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The tensors of a random graph: activations with a scale near the natural one or far from it, constants, and weights
// whose biases stay inside what an integer sum can hold.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/tflite/tflite_graph.h"
#include "support/choices.h"

namespace mobilenet::testing {

// What the operators that come next compute in.
enum class Kind { f32, u8, i8, i8_per_channel, i16 };  // i16: weights are i8 per channel

inline int elements(const std::vector<int>& shape) {
  int count = 1;
  for (const int axis : shape) count *= axis;
  return count;
}

// TFLite_Detection_PostProcess.
struct DetectionOptions {
  int classes = 1;
  int most = 10;
  int classes_per_box = 1;
  int per_class = 100;
  bool regular = false;
  float score_threshold = 0, iou_threshold = 0.6f;

  std::vector<std::uint8_t> bytes() const;  // as the operator's custom options, a FlexBuffer
};

class GraphTensors {
 protected:
  explicit GraphTensors(Choices& choices) : choices_(choices) {}

  GraphTensor& tensor(int id) { return graph_.tensors[static_cast<std::size_t>(id)]; }
  const GraphTensor& tensor(int id) const { return graph_.tensors[static_cast<std::size_t>(id)]; }
  const std::vector<int>& shape(int id) const { return tensor(id).shape; }
  bool is_integer(int id) const { return !tensor(id).scales.empty(); }
  double scale(int id) const { return is_integer(id) ? static_cast<double>(tensor(id).scales[0]) : 1; }

  // Of the current kind; `natural`: a scale with which typical values fill the type.
  int activation(const std::vector<int>& shape, double natural);
  // With the type and the quantisation of another tensor.
  int like(int other, const std::vector<int>& shape);
  int integer(const std::vector<int>& shape, double scale, std::int64_t zero_point);
  int probabilities(const std::vector<int>& shape);  // 0 to 255/256

  int int_constant(const std::vector<int>& values);
  int float_constant(const std::vector<int>& shape, double largest);
  // Numbers of the current kind, up to about `largest`.
  int numbers(const std::vector<int>& shape, double largest);
  // Numbers of i8, which networks of 16 bits have for slopes.
  int slopes(const std::vector<int>& shape);
  // One number with the type and the quantisation of another tensor.
  int number_like(int other);
  // Of a constant of integers: nothing that divides is zero.
  void make_nonzero(int id);
  int anchors_of(int count);

  struct WeightShape {
    std::vector<int> shape;
    int channel_axis = 0;
    int outputs = 1;
    bool may_be_int4 = false;  // where those of i8 are drawn
  };
  struct Weighted {
    int filter, bias, output;
  };
  Weighted weights(int input, const WeightShape& weight, const std::vector<int>& output_shape);

  std::vector<std::byte> values_of_input(int id);

  // Adds the operator and returns its output.
  int put(schema::BuiltinOperator code, std::vector<int> inputs, int output, int version = 1) {
    graph_.operators.push_back({code, std::move(inputs), {output}});
    graph_.operators.back().version = version;
    return output;
  }
  template <class Create>
  int put(schema::BuiltinOperator code, std::vector<int> inputs, int output, int version, schema::BuiltinOptions type,
          Create create) {
    put(code, std::move(inputs), output, version);
    set_options(graph_.operators.back(), type, create);
    return output;
  }

  Choices& choices_;
  GraphFile graph_;
  Kind kind_ = Kind::f32;
  bool wild_scales_ = false;

 private:
  bool unsigned_kind() const { return kind_ == Kind::u8; }
  std::int64_t zero_point(bool is_unsigned);
  Weighted float_weights(const WeightShape& weight, const std::vector<int>& output_shape);
};

}  // namespace mobilenet::testing
