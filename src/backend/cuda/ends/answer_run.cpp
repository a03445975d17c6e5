// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/ends/answer_run.h"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "backend/cuda/kernels/answer_arguments.h"
#include "backend/mask_geometry.h"
#include "backend/not_numbers.h"
#include "base/error.h"

namespace mobilenet::cuda {
namespace {

// Results are read as the kernels wrote them.
static_assert(sizeof(ScoredRow) == sizeof(FoundRow) && offsetof(ScoredRow, score) == offsetof(FoundRow, score));
static_assert(sizeof(RawDetection) == sizeof(FoundBox) && offsetof(RawDetection, left) == offsetof(FoundBox, left) &&
              offsetof(RawDetection, bottom) == offsetof(FoundBox, bottom) &&
              offsetof(RawDetection, anchor) == offsetof(FoundBox, anchor) &&
              offsetof(RawDetection, class_index) == offsetof(FoundBox, class_index) &&
              offsetof(RawDetection, score) == offsetof(FoundBox, score));
static_assert(std::is_trivially_copyable_v<ScoredRow> && std::is_trivially_copyable_v<RawDetection>);

}  // namespace

Result<void> AnswerRun::open(const Device& device, const AnswerCode& code, Address arena) {
  device_ = &device, code_ = &code, arena_ = arena;
  MOBILENET_TRY(host_, PinnedBuffer::allocate(device, code.host_bytes));
  if (code.kind == AnswerCode::Kind::rows) rows_.resize(code.pictures);
  if (code.kind == AnswerCode::Kind::boxes) boxes_.resize(code.pictures);
  return {};
}

Result<void> AnswerRun::begin(std::span<const PictureCall> pictures, CUstream stream) {
  if (code_->kind != AnswerCode::Kind::mask) return {};
  if (pictures.empty()) return failure(ErrorCode::invalid_argument, "a mask of no picture");
  const Geometry& geometry = pictures[0].geometry;
  const int width = pictures[0].image.upright_width(), height = pictures[0].image.upright_height();
  pixels_ = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  if (mask_.bytes() < pixels_) {
    MOBILENET_TRY(DeviceBuffer mask, DeviceBuffer::allocate(*device_, pixels_));
    MOBILENET_TRY(host_mask_, PinnedBuffer::allocate(*device_, pixels_));
    mask_ = std::move(mask);
  }
  const MaskAxis rows = mask_axis(geometry.rows, code_->segmentation, code_->rows, code_->input_height, height);
  const MaskAxis columns = mask_axis(geometry.columns, code_->segmentation, code_->columns, code_->input_width, width);
  const SeenRange seen_rows(geometry.rows, height), seen_columns(geometry.columns, width);
  const MaskCall call{rows.offset, rows.step,       columns.offset, columns.step,       mask_.address(), height,
                      width,       seen_rows.begin, seen_rows.end,  seen_columns.begin, seen_columns.end};
  std::memset(host_.data(), 0, sizeof(std::int32_t));  // set by who finds what is no number
  std::memcpy(host_.data() + code_->results, &call, sizeof call);
  MOBILENET_CUDA(device_->driver(), "copying a picture's size to the GPU",
                 cuMemcpyHtoDAsync(arena_ + code_->call, host_.data() + code_->results, sizeof call, stream));
  return {};
}

Result<void> AnswerRun::end(CUstream stream) const {
  if (code_->kind == AnswerCode::Kind::mask)
    MOBILENET_CUDA(device_->driver(), "copying a mask from the GPU",
                   cuMemcpyDtoHAsync(host_mask_.data(), mask_.address(), pixels_, stream));
  return {};
}

template <class Found>
std::span<const Found> AnswerRun::found(std::size_t picture, std::size_t count) const {
  return std::span(reinterpret_cast<const Found*>(host_.data() + code_->results) + picture * code_->most, count);
}

Result<void> AnswerRun::finish() {
  answers_ = {};
  const auto* const broken = reinterpret_cast<const std::int32_t*>(host_.data());
  const auto* const of_picture = reinterpret_cast<const FoundBoxes*>(host_.data());
  for (std::size_t picture = 0; picture < code_->pictures; ++picture) {
    const bool is_boxes = code_->kind == AnswerCode::Kind::boxes;
    if ((is_boxes ? of_picture[picture].broken : broken[picture]) != 0) return not_numbers(picture, code_->pictures);
    if (is_boxes) boxes_[picture] = found<RawDetection>(picture, static_cast<std::size_t>(of_picture[picture].count));
    if (code_->kind == AnswerCode::Kind::rows) rows_[picture] = found<ScoredRow>(picture, code_->most);
  }
  answers_.rows = rows_;
  answers_.boxes = boxes_;
  if (code_->kind == AnswerCode::Kind::mask)
    answers_.mask = {reinterpret_cast<const std::uint8_t*>(host_mask_.data()), pixels_};
  return {};
}

}  // namespace mobilenet::cuda
