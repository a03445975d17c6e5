// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/steps/half_sums.h"

#include "plan/bounds.h"

namespace mobilenet::cuda {

// Two reasons for floats. One is certain: a part of a sum that may be beyond what halves hold becomes an infinity,
// which the clamp behind it hides. What is read has to be clamped from both sides, or nothing bounds it.
//
// The other is a matter of answers. Batch norms with tiny variances fold to large taps, whose products cancel: sums of
// 512 are rounded to multiples of 0.5, where a ReLU6 leaves 6. Of many channels few are so, and nearly dead: in the
// default model the first sums may reach 5175 (32 channels), and on 250 of 250 pictures the best class is that of f32.
// In V1 of a quarter of the width they may reach 1136 in one channel of eight and 983 in one of 16. With all layers in
// halves the best class is another one on 7 of 250 pictures; with these two in floats on none (computed in NumPy). No
// other layer of up to 16 channels of a real network reaches more than 250.
bool adds_in_halves(const Network& network, const Parameters& parameters, const FusedGroup& depthwise) {
  constexpr double kLargestSum = kLargestHalf / 2.0;  // and what rounding adds
  constexpr int kFewChannels = 16;
  constexpr double kLargestOfFew = 512;
  const auto view = checked_view(network, parameters, depthwise);
  if (!view) return true;  // an error, which the layer itself reports
  const double largest =
      largest_sum(folded_filter(network, parameters, depthwise, *view), range_of(network, depthwise.head->inputs[0]));
  return largest <= (view->outputs <= kFewChannels ? kLargestOfFew : kLargestSum);
}

}  // namespace mobilenet::cuda
