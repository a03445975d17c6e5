// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Weights for networks without a file: drawn from a fixed seed, so that every run computes the same.

#include <cmath>
#include <memory>

#include "base/aligned_buffer.h"
#include "models/assembly.h"

namespace mobilenet {
namespace {

// The same numbers on every machine and standard library: splitmix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  float uniform(float low, float high) {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return low + (high - low) * (static_cast<float>(z >> 40) * 0x1p-24f);
  }

 private:
  std::uint64_t state_;
};

struct Range {
  float low, high;
};

// Filters after He (uniform, variance 2 / inputs); batch norm far enough from the identity that a wrong epsilon, order
// or statistic shows, and near enough that answers stay of the order of one through all layers.
Range range_of(const NeededWeight& weight) {
  if (weight.name.ends_with(".norm.gamma")) return {0.6f, 1.4f};
  if (weight.name.ends_with(".norm.beta")) return {-0.4f, 0.6f};
  if (weight.name.ends_with(".norm.mean")) return {-0.3f, 0.3f};
  if (weight.name.ends_with(".norm.variance")) return {0.3f, 1.5f};
  if (weight.name.ends_with(".bias")) return {-0.1f, 0.1f};
  const auto inputs = static_cast<float>(weight.shape.elements() / weight.shape[0]);
  const float bound = std::sqrt(6.0f / inputs);
  return {-bound, bound};
}

constexpr std::uint64_t kSeed = 20180404;

}  // namespace

RandomWeights random_weights(const ModelSpec& spec) {
  RandomWeights random;
  const auto needed = needed_weights(spec);
  if (!needed) return random;
  std::size_t bytes = 0;
  for (const NeededWeight& weight : *needed) bytes += static_cast<std::size_t>(weight.shape.elements()) * sizeof(float);
  const auto memory = std::make_shared<AlignedBuffer>(bytes);
  random.parameters.owners.push_back(memory);
  Random numbers(kSeed);
  std::size_t offset = 0;
  for (const NeededWeight& weight : *needed) {
    const auto count = static_cast<std::size_t>(weight.shape.elements());
    float* values = reinterpret_cast<float*>(memory->data() + offset);
    const Range range = range_of(weight);
    for (std::size_t i = 0; i < count; ++i) values[i] = numbers.uniform(range.low, range.high);
    WeightLayout layout = WeightLayout::none;
    if (weight.shape.rank() == 4) layout = WeightLayout::oihw;
    if (weight.shape.rank() == 2) layout = WeightLayout::oi;
    random.index[weight.name] = static_cast<int>(random.parameters.values.size());
    random.parameters.values.push_back(
        {weight.name, DataType::f32, weight.shape, layout, {memory->data() + offset, count * sizeof(float)}});
    offset += count * sizeof(float);
  }
  return random;
}

}  // namespace mobilenet
