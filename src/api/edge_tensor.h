// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Raw tensors at the edge of a session: what a backend's memory becomes in the layout that the source framework shows.

#include <mobilenet/session.h>
#include <mobilenet/tensor.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "spec/model_spec.h"

namespace mobilenet {

// dst[n][c][y][x] = src[n][y][x][c], and back. `element` is the size of one in bytes: 1, 2, 4 or 8.
void nhwc_to_nchw(const std::byte* src, std::byte* dst, const Shape& nhwc, std::size_t element);
void nchw_to_nhwc(const std::byte* src, std::byte* dst, const Shape& nhwc, std::size_t element);

// One output of an Execution made ready for the caller: permuted, or averaged over height and width, or as it is.
// Memory is taken once, when it is made.
class EdgeTensor {
 public:
  // For outputs of the type and shape of `source`; `tensor`: the same in the network.
  EdgeTensor(const TensorMemory& source, const Tensor& tensor, std::string_view name, SourceLayout layout,
             Pooling pooling);
  std::string_view name() const { return name_; }
  DataType type() const { return type_; }
  std::size_t bytes() const { return bytes_; }  // as shown
  // Neither permuted nor averaged.
  bool is_as_stored() const { return copy_.empty(); }
  // Of the last run. Valid until the next call, and as long as `source` is.
  TensorView show(const TensorMemory& source);
  // What `view`, which show() returned, says of the first `shown` pictures of a batch.
  TensorView first_pictures(TensorView view, std::size_t shown, std::size_t batch);

 private:
  void average(const TensorMemory& source);

  std::string_view name_;
  std::vector<std::int64_t> shape_, first_shape_;
  std::vector<std::byte> copy_;  // empty: the source's own memory
  std::size_t bytes_ = 0;
  bool average_ = false;
  DataType type_;
  float scale_ = 0;
  std::int32_t zero_point_ = 0;
};

}  // namespace mobilenet
