// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/steps/wide.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>

#include "backend/cuda/steps/tiles.h"

namespace mobilenet::cuda {
namespace {

std::atomic<const WideKernel*> only_kernel = nullptr;  // of OnlyWide

// Places of patches are kept in few bits: 32 for a pixel of the input, 16 for a row and a column.
bool places_fit(const ConvolutionArguments& a) {
  constexpr std::int64_t kMostPixels = std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t kMost = std::numeric_limits<std::int16_t>::max();
  return std::int64_t{a.images} * a.in_height * a.in_width <= kMostPixels && a.in_height <= kMost &&
         a.in_width <= kMost && a.window.top <= kMost && a.window.left <= kMost;
}

// An estimate, in cycles, of blocks that multiprocessors make one after another. Of its numbers the rate of products is
// the hardware's, the other two are assumed.
double cost_of(const WideKernel& kernel, std::int64_t pixels, int channels, int steps, int processors) {
  constexpr double kProducts = 2048;  // a multiprocessor, a cycle
  constexpr double kBytes = 28;       // from and to the cache, a multiprocessor, a cycle, while all of them do
  constexpr double kBefore = 3000;    // until the first products, and after the last store
  const std::int64_t blocks = kernel.row_blocks(pixels) * kernel.column_blocks(channels);
  const std::int64_t at_once = std::int64_t{processors} * kernel.each;
  const double products = static_cast<double>(kernel.rows) * kernel.columns * kStepDepth;
  const double copied = (kernel.rows + static_cast<double>(kernel.columns) / kernel.together) * kStepDepth * 2;
  const double stored = static_cast<double>(kernel.rows) * kernel.columns * 2;
  const double step = std::max(products / kProducts, copied / kBytes);
  return static_cast<double>((blocks + at_once - 1) / at_once) *
         (kBefore + kernel.each * (steps * step + stored / kBytes));
}

}  // namespace

unsigned WideKernel::shared_bytes() const {
  constexpr int kPlaceBytes = 8, kBarrierBytes = 8;
  return static_cast<unsigned>(kWideAlignment + stages * (rows + columns) * kStepDepth * 2 +
                               kWideBarriers * kBarrierBytes + rows * kPlaceBytes);
}

std::int64_t WideKernel::row_blocks(std::int64_t pixels) const {
  const std::int64_t at_once = std::int64_t{rows} * together;
  return (pixels + at_once - 1) / at_once * together;
}

bool has_wide(const Device& device) {
  constexpr int kHopper = 90;
  return device.own_capability() == kHopper && std::ranges::any_of(kernel_files(), [](const KernelFile& file) {
           return std::strcmp(file.name, kWideFile) == 0;
         });
}

const WideKernel* wide_kernel(const Device& device, const ConvolutionArguments& arguments) {
  if (!has_wide(device) || !places_fit(arguments) || arguments.bias_stride != 0) return nullptr;
  if (const WideKernel* const only = only_kernel) return only;
  const int channels = arguments.out_channels;
  if (!wide_suits(channels, arguments.depth)) return nullptr;
  const std::int64_t pixels = pixels_of(arguments);
  const int steps = (arguments.depth + kStepDepth - 1) / kStepDepth;
  const WideKernel* best = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (const WideKernel& kernel : kWideKernels) {
    if (kernel.row_blocks(pixels) * kernel.column_blocks(channels) < device.processors()) continue;
    const double cost = cost_of(kernel, pixels, channels, steps, device.processors());
    if (cost < least) least = cost, best = &kernel;
  }
  return best;
}

OnlyWide::OnlyWide(const WideKernel& kernel) { only_kernel = &kernel; }
OnlyWide::~OnlyWide() { only_kernel = nullptr; }

}  // namespace mobilenet::cuda
