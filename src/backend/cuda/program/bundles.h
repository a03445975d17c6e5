// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which steps run as one launch, each with some of its blocks of threads: small ones that write parts of joined
// tensors, as the heads of a detector do, and the depthwise convolutions in front of them. One after the other each
// would leave most of a GPU idle for the time of a launch; even two launches, of all depthwise convolutions and of all
// products, are less than one of a whole block for each head.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "plan/grouping.h"

namespace mobilenet::cuda {

// The steps from one on that run together anyway, one or a block. `blocks`: of threads of the last, in a bundle; 0: no
// bundle may have them. Only up to two steps may be in bundles.
struct BundleLayer {
  std::size_t steps = 1;
  std::int64_t blocks = 0;
};
using FindBundleLayer = std::function<BundleLayer(std::size_t first)>;

// Brings layers that write parts together as late as what reads them allows, and numbers the steps of each bundle
// (Step::bundle): their last ones, and before that bundle what comes before each. A bundle has at least two steps, and
// at most so many layers and blocks of threads.
void bundle_parts(std::vector<Step>& steps, const std::vector<TensorId>& memory, const FindBundleLayer& find,
                  std::size_t most_layers, std::int64_t most_blocks);

}  // namespace mobilenet::cuda
