// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a NetworkBuilder has put together so far, and how a layer is checked and added.

#include <mobilenet/network.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "api/model_state.h"
#include "base/error.h"

namespace mobilenet {

Result<Window> make_window(int kernel, int stride, int dilation, PaddingRule rule);

// What the caller asked for does not fit, however the check that found it calls it.
Error callers(Error error);

// Values of different builders differ, even where one builder took the memory of another. 0 is no builder's.
unsigned next_builder();

inline constexpr std::int64_t kMostElements = std::int64_t{1} << 31;  // of a tensor

// The output of the backbone's or of an appended model's classifier, whose rows have names.
struct NamedRow {
  TensorId tensor = kNoTensor;
  std::vector<std::string> labels;
  bool has_background = false;
  std::optional<ScoreFunction> scores;
};

// The network so far. The shapes at the model's own input size are kept beside it, so that a call can check its layer
// at once and its error names the layer that does not fit.
struct BuilderState {
  LoadedModel model;  // but for its graph
  ModelGraph graph;
  std::vector<Shape> shapes;  // per tensor, batch 1
  std::vector<std::string> labels;
  std::vector<NamedRow> named_rows;
  unsigned number = next_builder();
  std::optional<Error> first_error;
  std::string source = "network";
  std::unordered_map<std::string, int> last_number;  // that unique_name has tried, by stem

  Network& network() { return graph.network; }
  const Tensor& tensor(Value value) const { return graph.network.tensor(value.id); }
  const Shape& shape(TensorId id) const { return shape_of(shapes, id); }
  const Shape& shape(Value value) const { return shape(value.id); }

  Value fail(Error error) {
    if (!first_error) first_error = std::move(error);
    return {};
  }
  // False for the result of a failed call, and for all after one, which may have left something half made; remembers
  // misuse.
  bool valid(Value value) {
    if (first_error) return false;
    if (value.builder == number && value.id >= 0 && static_cast<std::size_t>(value.id) < network().tensors.size())
      return true;
    fail(failure(ErrorCode::invalid_argument, "a Value does not belong to this builder"));
    return false;
  }
  Value value(TensorId id) const { return {id, number}; }

  std::string unique_name(std::string_view wanted, std::string_view kind) {
    const std::string stem(wanted.empty() ? kind : wanted);
    int& last = last_number.try_emplace(stem, 1).first->second;
    for (;; ++last) {
      std::string name =
          last == 1 && !wanted.empty() ? stem : stem + (wanted.empty() ? "" : "_") + std::to_string(last);
      if (graph.network.find(name) == kNoTensor) return name;
    }
  }

  TensorId add_tensor(Tensor tensor, const Shape& shape) {
    network().tensors.push_back(std::move(tensor));
    shapes.push_back(shape);
    return static_cast<TensorId>(network().tensors.size() - 1);
  }

  // Floats of the caller, copied; kNoTensor for an empty span.
  TensorId constant(std::span<const float> values, const Shape& shape, WeightLayout layout, const std::string& name) {
    if (values.empty()) return kNoTensor;
    const auto copy = std::make_shared<std::vector<float>>(values.begin(), values.end());
    Parameters& parameters = graph.parameters;
    parameters.owners.push_back(copy);
    parameters.values.push_back({name, DataType::f32, shape, layout, std::as_bytes(std::span(*copy))});
    Tensor tensor;
    tensor.name = name;
    tensor.shape = shape;
    tensor.parameter = static_cast<int>(parameters.values.size() - 1);
    return add_tensor(std::move(tensor), shape);
  }

  // Appends a node with a new output tensor and infers its shape; on failure nothing stays behind but the error.
  Value add_node(Op op, std::vector<TensorId> inputs, std::string_view wanted_name, DataType type = DataType::f32) {
    Node node;
    node.name = unique_name(wanted_name, kind_of(op));
    node.op = std::move(op);
    node.inputs = std::move(inputs);
    Tensor output;
    output.name = node.name;
    output.type = type;
    const bool named = !wanted_name.empty();
    Network probe = one_node(node);
    std::vector<Shape> given;
    for (const TensorId id : probe.inputs) given.push_back(probe.tensor(id).shape);
    auto inferred = infer_shapes(probe, graph.parameters, given);
    if (!inferred) return fail(callers(std::move(inferred).error()));
    output.shape = inferred->back();
    node.output = add_tensor(std::move(output), inferred->back());
    if (named) network().layers.push_back({node.name, node.output});
    network().nodes.push_back(std::move(node));
    return value(network().nodes.back().output);
  }

  // A network of just this node, to infer one shape without walking all the others.
  Network one_node(const Node& node) const {
    Network probe;
    Node copy = node;
    for (TensorId& input : copy.inputs) {
      if (input == kNoTensor) continue;
      Tensor tensor = graph.network.tensor(input);
      tensor.shape = shape_of(shapes, input);
      probe.tensors.push_back(std::move(tensor));
      input = static_cast<TensorId>(probe.tensors.size() - 1);
      if (!probe.tensors.back().is_constant()) probe.inputs.push_back(input);
    }
    probe.tensors.emplace_back();
    copy.output = static_cast<TensorId>(probe.tensors.size() - 1);
    probe.nodes.push_back(std::move(copy));
    return probe;
  }

  // Makes `value` one that a float layer can read, dequantised where it must be; false when there is no such value.
  bool to_float(Value& value) {
    if (!valid(value)) return false;
    if (tensor(value).type != DataType::f32) value = add_node(QuantizeOp{}, {value.id}, {});
    return value.id >= 0;
  }

  Value add_unary(Op op, Value input, std::string_view name = {}) {
    return to_float(input) ? add_node(std::move(op), {input.id}, name) : Value{};
  }

  Value add_pool(PoolKind kind, Value input, const PoolingOptions& o) {
    auto window = make_window(o.kernel, o.stride, 1, o.padding);
    if (!window) return fail(at(unique_name(o.name, "pool"), std::move(window).error()));
    return add_unary(PoolOp{kind, *window, Activation::none}, input, o.name);
  }

  // One row of `columns` numbers an anchor, from a map that holds `anchors` of them at every cell.
  TensorId add_rows(Value map, const char* what, std::size_t index, std::size_t anchors, int columns) {
    if (!to_float(map)) return kNoTensor;
    const Shape& s = shape(map);
    if (s.rank() != 4 || s[3] != static_cast<std::int64_t>(anchors) * columns)
      return fail(failure(ErrorCode::invalid_argument, "detector map ", index, ": ", what, " are ", to_string(s),
                          ", expected ", anchors, " anchors x ", columns, " numbers at every cell"))
          .id;
    return add_node(ReshapeOp{{1, -1, columns}}, {map.id}, {}).id;
  }

  // The names of a classifier's rows, for when its output becomes this network's.
  void remember_names(const ModelSpec& spec, std::span<const Value> outputs) {
    if (is_classifier(spec) && !outputs.empty())
      named_rows.push_back({outputs[0].id, spec.labels, spec.has_background, spec.class_scores});
  }

  // The known classifier whose numbers the tensor holds, as they are or as probabilities; null: none.
  const NamedRow* named_row(TensorId tensor) const {
    for (const Node* node = nullptr;; tensor = node->inputs[0]) {
      for (const NamedRow& row : named_rows)
        if (row.tensor == tensor) return &row;
      node = graph.network.producer(tensor);
      const auto* activation = node == nullptr ? nullptr : std::get_if<ActivationOp>(&node->op);
      const bool same_rows =
          node != nullptr &&
          (std::holds_alternative<SoftmaxOp>(node->op) || std::holds_alternative<ReshapeOp>(node->op) ||
           std::holds_alternative<QuantizeOp>(node->op) ||
           (activation != nullptr && activation->activation == Activation::sigmoid));
      if (!same_rows) return nullptr;
    }
  }

  // Whether the network may become a detector or a segmenter; remembers why not.
  bool may_answer() {
    if (first_error) return false;
    if (model.spec.detection.classes == 0 && model.spec.segmentation.classes == 0) return true;
    fail(failure(ErrorCode::invalid_argument, source, ": is a ",
                 model.spec.detection.classes > 0 ? "detector" : "segmenter",
                 " already; a network has one detector() or segmenter()"));
    return false;
  }

  // Whether the finished network classifies, how, and what its classes are called.
  Result<void> decide_classes(LoadedModel& built) const;

  // Whether the caller gave as many numbers as `shape` has; remembers when not.
  bool expect(std::span<const float> values, const Shape& shape, std::string_view layer, const char* what) {
    std::int64_t count = 1;
    bool possible = true;
    for (const std::int64_t extent : shape.axes()) {
      possible = possible && extent > 0 && extent <= kMostElements / count;
      if (possible) count *= extent;
    }
    if (possible && static_cast<std::int64_t>(values.size()) == count) return true;
    fail(failure(ErrorCode::invalid_argument, layer, ": ", what, " has ", values.size(), " numbers, expected ",
                 to_string(shape)));
    return false;
  }
};

}  // namespace mobilenet
