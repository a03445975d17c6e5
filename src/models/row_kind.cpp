// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "models/row_kind.h"

#include <variant>

namespace mobilenet {
namespace {

RowKind kind_of(Activation activation, RowKind without) {
  switch (activation) {
    case Activation::none:
      return without;
    case Activation::sigmoid:
    case Activation::hard_sigmoid:
      return RowKind::probabilities;
    case Activation::relu:
    case Activation::relu6:
    case Activation::hard_swish:
    case Activation::relu_n1_to_1:
    case Activation::relu_0_to_1:
      return RowKind::other;
  }
  return RowKind::other;
}

class Walk {
 public:
  explicit Walk(const Network& network) : network_(network) {}

  RowKind of(TensorId tensor) {
    const Node* node = network_.producer(tensor);
    if (node == nullptr || ++steps_ > kMostSteps) return RowKind::other;
    return std::visit([&](const auto& op) { return through(op, *node); }, node->op);
  }

 private:
  static constexpr int kMostSteps = 256;  // of a hostile graph of joins, which would take long

  // An activation that is fused into the operator is its last word; without one it says nothing of its own.
  template <class Op>
  RowKind through(const Op& op, const Node&) {
    if constexpr (requires { op.activation; })
      return kind_of(op.activation, RowKind::other);
    else
      return RowKind::other;
  }
  RowKind through(const SoftmaxOp&, const Node&) { return RowKind::probabilities; }
  RowKind through(const DenseOp& op, const Node&) { return kind_of(op.activation, RowKind::logits); }
  RowKind through(const Conv2dOp& op, const Node&) { return kind_of(op.activation, RowKind::logits); }
  RowKind through(const TransposeConv2dOp& op, const Node&) { return kind_of(op.activation, RowKind::logits); }
  // Of which a softmax makes the same probabilities.
  RowKind through(const LogSoftmaxOp&, const Node&) { return RowKind::logits; }
  RowKind through(const ReshapeOp&, const Node& node) { return of(node.inputs[0]); }
  RowKind through(const TransposeOp&, const Node& node) { return of(node.inputs[0]); }
  RowKind through(const SliceOp&, const Node& node) { return of(node.inputs[0]); }
  RowKind through(const TileOp&, const Node& node) { return of(node.inputs[0]); }
  RowKind through(const ResizeNearestOp&, const Node& node) { return of(node.inputs[0]); }
  RowKind through(const QuantizeOp&, const Node& node) { return of(node.inputs[0]); }
  // Means of probabilities are probabilities; means of other numbers are features.
  RowKind through(const GlobalAveragePoolOp&, const Node& node) { return pooled(of(node.inputs[0])); }
  RowKind through(const PoolOp& op, const Node& node) { return kind_of(op.activation, pooled(of(node.inputs[0]))); }
  static RowKind pooled(RowKind kind) { return kind == RowKind::probabilities ? kind : RowKind::other; }
  RowKind through(const ReduceOp& op, const Node& node) {
    const RowKind kind = of(node.inputs[0]);
    return op.kind == ReduceKind::sum ? RowKind::other : pooled(kind);
  }
  // Scaled logits are logits.
  RowKind through(const BatchNormOp&, const Node& node) { return scaled(of(node.inputs[0])); }
  RowKind through(const BinaryOp& op, const Node& node) {
    const bool constant = network_.is_constant(node.inputs[1]) || network_.is_constant(node.inputs[0]);
    const TensorId x = network_.is_constant(node.inputs[0]) ? node.inputs[1] : node.inputs[0];
    const bool scales = op.kind == BinaryKind::add || op.kind == BinaryKind::subtract ||
                        op.kind == BinaryKind::multiply || op.kind == BinaryKind::divide;
    return kind_of(op.activation, constant && scales ? scaled(of(x)) : RowKind::other);
  }
  static RowKind scaled(RowKind kind) { return kind == RowKind::logits ? kind : RowKind::other; }
  RowKind through(const ConcatOp&, const Node& node) {
    const RowKind first = of(node.inputs[0]);
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
      if (of(node.inputs[i]) != first) return RowKind::other;
    return first;
  }

  const Network& network_;
  int steps_ = 0;
};

}  // namespace

RowKind row_kind(const Network& network, TensorId tensor) { return Walk(network).of(tensor); }

}  // namespace mobilenet
