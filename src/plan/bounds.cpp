// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "plan/bounds.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <variant>

namespace mobilenet {

ClampRange range_of(const Network& network, TensorId id) {
  const Node* const maker = network.producer(id);
  if (maker == nullptr) return {};
  if (is_plain_reshape(network, *maker)) return range_of(network, maker->inputs[0]);
  if (const auto* pad = std::get_if<PadOp>(&maker->op)) {
    const ClampRange inside = range_of(network, maker->inputs[0]);
    return {std::min(inside.low, pad->value), std::max(inside.high, pad->value)};
  }
  return std::visit(
      [](const auto& op) {
        if constexpr (requires { op.activation; })
          return clamp_of(op.activation);
        else
          return ClampRange();
      },
      maker->op);
}

double largest_sum(const FoldedFilter& filter, const ClampRange& input) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto most = static_cast<double>(std::max(std::abs(input.low), std::abs(input.high)));
  if (!std::isfinite(most)) return kInfinity;
  double largest = 0;
  for (int c = 0; c < filter.view.outputs; ++c) {
    double sum = std::abs(static_cast<double>(filter.bias[static_cast<std::size_t>(c)]));
    for (int y = 0; y < filter.view.height; ++y)
      for (int x = 0; x < filter.view.width; ++x) sum += most * std::abs(static_cast<double>(filter.weight(c, y, x, 0)));
    if (std::isnan(sum)) return kInfinity;
    largest = std::max(largest, sum);
  }
  return largest;
}

}  // namespace mobilenet
