// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cpu/program/batch.h"

#include <algorithm>

#include "base/error.h"

namespace mobilenet::cpu {

Result<Batch> batch_of(const Network& network, const Parameters& parameters, std::span<const Shape> input_shapes) {
  Batch batch;
  batch.picture_input.assign(input_shapes.begin(), input_shapes.end());
  MOBILENET_TRY(batch.shapes, infer_shapes(network, parameters, input_shapes));
  const std::int64_t pictures = input_shapes.empty() || input_shapes[0].rank() == 0 ? 1 : input_shapes[0][0];
  const auto has_pictures = [&](const Shape& shape) { return shape.rank() > 0 && shape[0] == pictures; };
  if (pictures == 1 || !std::all_of(input_shapes.begin(), input_shapes.end(), has_pictures)) return batch;

  std::vector<Shape> one = batch.picture_input;
  for (Shape& shape : one) shape[0] = 1;
  const auto shapes = infer_shapes(network, parameters, one);
  if (!shapes) return batch;  // only the batch has a meaning
  // No operator looks at another picture (infer_shapes refuses those), so a tensor of the right size is the pictures'.
  for (std::size_t i = 0; i < shapes->size(); ++i)
    if (!network.tensors[i].is_constant() && batch.shapes[i].elements() != pictures * (*shapes)[i].elements())
      return batch;
  batch.picture_input = std::move(one);
  batch.pictures = static_cast<std::size_t>(pictures);
  return batch;
}

}  // namespace mobilenet::cpu
