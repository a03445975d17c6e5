// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "live/kept_answer.h"

#include <cstring>
#include <span>

namespace mobilenet {
namespace {

constexpr std::size_t kTensorAlignment = 16;  // of the tensors among the bytes; the first lies as operator new gives it

std::size_t aligned(std::size_t bytes) { return (bytes + kTensorAlignment - 1) / kTensorAlignment * kTensorAlignment; }

template <class T>
std::span<const T> copy(std::span<const T> from, std::vector<T>& to) {
  to.assign(from.begin(), from.end());
  return to;
}

}  // namespace

Prediction KeptAnswer::keep(const Prediction& answer) {
  Prediction kept = answer;
  kept.classes = copy(answer.classes, classes_);
  kept.objects = copy(answer.objects, objects_);
  kept.segmentation.mask = copy(answer.segmentation.mask, mask_);
  kept.segmentation.classes = copy(answer.segmentation.classes, segments_);
  kept.segmentation.probabilities = copy(answer.segmentation.probabilities, probabilities_);
  tensors_.assign(answer.features.begin(), answer.features.end());
  std::size_t bytes = 0, extents = 0;
  for (const TensorView& tensor : tensors_) bytes += aligned(tensor.bytes), extents += tensor.shape.size();
  tensor_bytes_.resize(bytes);
  extents_.resize(extents);
  std::byte* to = tensor_bytes_.data();
  std::int64_t* shape = extents_.data();
  for (TensorView& tensor : tensors_) {
    if (tensor.bytes > 0) std::memcpy(to, tensor.data, tensor.bytes);
    tensor.data = to;
    to += aligned(tensor.bytes);
    std::copy(tensor.shape.begin(), tensor.shape.end(), shape);
    tensor.shape = {shape, tensor.shape.size()};
    shape += tensor.shape.size();
  }
  kept.features = tensors_;
  return kept;
}

}  // namespace mobilenet
