// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/batch.h"

#include <algorithm>

#include "base/error.h"

namespace mobilenet::cpu {
namespace {

// Weights that a core does not keep in its caches until the next picture are read once for a few pictures. Four of
// MobileNet V2 in floats (14 MB) take 4 % less time than one by one, as eight do; in bytes (3.5 MB), where sixteen at
// once take 9 % more than one by one, nothing is to be had.
constexpr std::int64_t kKeptWeights = 4 << 20;  // bytes
constexpr std::int64_t kMostAtOnce = 4;

// Pictures of a slice, so that all have the same number and every thread has one.
std::int64_t pictures_at_once(const Parameters& parameters, std::int64_t pictures, int threads) {
  if (weight_bytes(parameters) <= kKeptWeights) return 1;
  for (std::int64_t at_once = kMostAtOnce; at_once > 1; --at_once)
    if (pictures % at_once == 0 && pictures / at_once >= threads) return at_once;
  return 1;
}

}  // namespace

std::int64_t weight_bytes(const Parameters& parameters) {
  std::int64_t bytes = 0;
  for (const Parameter& parameter : parameters.values) {
    const DataType type =
        parameter.type == DataType::f16 ? DataType::f32 : parameter.type;  // as they are computed with
    bytes += parameter.shape.elements() * static_cast<std::int64_t>(size_of(type));
  }
  return bytes;
}

Result<Batch> batch_of(const Network& network, const Parameters& parameters, std::span<const Shape> input_shapes,
                       int threads) {
  Batch batch;
  MOBILENET_TRY(batch.shapes, infer_shapes(network, parameters, input_shapes));
  batch.slice_shapes = batch.shapes;
  if (input_shapes.empty() || input_shapes[0].rank() == 0) return batch;
  batch.pictures = input_shapes[0][0];
  const auto has_pictures = [&](const Shape& shape) { return shape.rank() > 0 && shape[0] == batch.pictures; };
  if (!std::all_of(input_shapes.begin(), input_shapes.end(), has_pictures)) return batch;
  const std::int64_t at_once = pictures_at_once(parameters, batch.pictures, threads);
  const std::int64_t slices = batch.pictures / at_once;
  if (slices == 1) return batch;

  std::vector<Shape> slice(input_shapes.begin(), input_shapes.end());
  for (Shape& shape : slice) shape[0] = at_once;
  auto shapes = infer_shapes(network, parameters, slice);
  if (!shapes) return batch;  // only the batch has a meaning
  // No operator looks at another picture (infer_shapes refuses those), so a tensor of the right size is the pictures'.
  for (std::size_t i = 0; i < shapes->size(); ++i)
    if (!network.tensors[i].is_constant() && batch.shapes[i].elements() != slices * (*shapes)[i].elements())
      return batch;
  batch.slice_shapes = *std::move(shapes);
  batch.slices = static_cast<std::size_t>(slices);
  return batch;
}

}  // namespace mobilenet::cpu
