// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/bounds.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <variant>

namespace mobilenet {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

ClampRange range_of(const Network& network, TensorId id) {
  ClampRange around{kInfinity, -kInfinity};  // of paddings: none yet
  const Node* maker = network.producer(id);
  for (; maker != nullptr; maker = network.producer(maker->inputs[0])) {
    if (const auto* pad = std::get_if<PadOp>(&maker->op))
      around = {std::min(around.low, pad->value), std::max(around.high, pad->value)};
    else if (!is_plain_reshape(network, *maker))
      break;
  }
  if (maker == nullptr) return {};
  const ClampRange inside = std::visit(
      [](const auto& op) {
        if constexpr (requires { op.activation; })
          return clamp_of(op.activation);
        else
          return ClampRange();
      },
      maker->op);
  return {std::min(inside.low, around.low), std::max(inside.high, around.high)};
}

double largest_sum(const FoldedFilter& filter, const ClampRange& input) {
  const auto most = static_cast<double>(std::max(std::abs(input.low), std::abs(input.high)));
  if (!std::isfinite(most)) return kInfinity;
  double largest = 0;
  for (int c = 0; c < filter.view.outputs; ++c) {
    double sum = std::abs(static_cast<double>(filter.bias[static_cast<std::size_t>(c)]));
    for (int y = 0; y < filter.view.height; ++y)
      for (int x = 0; x < filter.view.width; ++x)
        sum += most * std::abs(static_cast<double>(filter.weight(c, y, x, 0)));
    if (std::isnan(sum)) return kInfinity;
    largest = std::max(largest, sum);
  }
  return largest;
}

}  // namespace mobilenet
