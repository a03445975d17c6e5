// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/precision.h"

#include <algorithm>

#include "base/error.h"
#include "network/quantized_arithmetic.h"

namespace mobilenet {

bool computes_in_integers(const Network& network) {
  const auto quantized = [&](TensorId id) {
    if (!network.is_activation(id)) return false;
    const Tensor& tensor = network.tensor(id);
    return is_quantized(tensor) || (tensor.type == DataType::i16 && tensor.quantization.has_value());
  };
  return std::any_of(network.nodes.begin(), network.nodes.end(), [&](const Node& node) {
    return !std::holds_alternative<ReshapeOp>(node.op) && quantized(node.output) &&
           std::any_of(node.inputs.begin(), node.inputs.end(), quantized);
  });
}

Result<Precision> own_precision(const Network& network, Precision asked) {
  const bool integers = computes_in_integers(network);
  switch (asked) {
    case Precision::automatic:
    case Precision::source:
      break;
    case Precision::f32:
      if (integers)
        return failure(ErrorCode::invalid_argument,
                       "precision f32 was asked for, but the file holds an integer "
                       "network, which is computed exactly in int8");
      break;
    case Precision::f16:
    case Precision::bf16x3:
    case Precision::bf16: {
      const char* const name = asked == Precision::bf16 ? "bf16" : asked == Precision::f16 ? "f16" : "bf16x3";
      return failure(ErrorCode::unsupported, "precision ", name, " was asked for, ",
                     integers ? "but the file holds an integer network, which is computed exactly in int8"
                              : "which this device does not have");
    }
    case Precision::int8:
      if (!integers)
        return failure(ErrorCode::invalid_argument,
                       "precision int8 was asked for, but the file holds float weights; "
                       "int8 needs a quantised .tflite");
      break;
  }
  return integers ? Precision::int8 : Precision::f32;
}

}  // namespace mobilenet
