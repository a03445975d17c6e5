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
  if (code.kind == AnswerCode::Kind::mask) raw_masks_.resize(code.pictures), mask_places_.resize(code.pictures);
  return {};
}

std::size_t AnswerRun::place_masks(std::span<const PictureCall> pictures) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    MaskPlace& place = mask_places_[i];
    place.pixels = static_cast<std::size_t>(pictures[i].image.upright_width()) *
                   static_cast<std::size_t>(pictures[i].image.upright_height());
    place.at = std::exchange(bytes, bytes + next_aligned(place.pixels));
    place.probabilities_at =
        std::exchange(bytes, bytes + next_aligned(place.pixels * code_->probabilities * sizeof(float)));
  }
  return bytes;
}

Result<void> AnswerRun::send_calls(std::span<const PictureCall> pictures, CUstream stream) {
  auto* const calls = reinterpret_cast<MaskCall*>(host_.data() + code_->results);
  std::uint32_t pieces = 0;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const Geometry& geometry = pictures[i].geometry;
    const int width = pictures[i].image.upright_width(), height = pictures[i].image.upright_height();
    const MaskAxis rows = mask_axis(geometry.rows, code_->segmentation, code_->rows, code_->input_height, height);
    const MaskAxis columns =
        mask_axis(geometry.columns, code_->segmentation, code_->columns, code_->input_width, width);
    const SeenRange seen_rows(geometry.rows, height), seen_columns(geometry.columns, width);
    MaskCall& call = calls[i];
    call = {};
    call.row_offset = rows.offset, call.row_step = rows.step;
    call.column_offset = columns.offset, call.column_step = columns.step;
    call.mask = masks_.address() + mask_places_[i].at;
    if (code_->probabilities > 0) call.probabilities = masks_.address() + mask_places_[i].probabilities_at;
    call.height = height, call.width = width;
    call.row_begin = seen_rows.begin, call.row_end = seen_rows.end;
    call.column_begin = seen_columns.begin, call.column_end = seen_columns.end;
    call.first_piece = pieces;
    pieces += static_cast<std::uint32_t>((width + kMaskPiece - 1) / kMaskPiece) * static_cast<std::uint32_t>(height);
  }
  MOBILENET_CUDA(device_->driver(), "copying the sizes of pictures to the GPU",
                 cuMemcpyHtoDAsync(arena_ + code_->calls, host_.data() + code_->results,
                                   pictures.size() * sizeof(MaskCall), stream));
  return {};
}

Result<void> AnswerRun::begin(std::span<const PictureCall> pictures, CUstream stream) {
  if (code_->kind != AnswerCode::Kind::mask) return {};
  if (pictures.size() != code_->pictures)
    return failure(ErrorCode::invalid_argument, "a run of ", pictures.size(), " pictures of a program for masks of ",
                   code_->pictures);
  mask_bytes_ = place_masks(pictures);
  if (masks_.bytes() < mask_bytes_) {
    MOBILENET_TRY(DeviceBuffer masks, DeviceBuffer::allocate(*device_, mask_bytes_));
    MOBILENET_TRY(host_masks_, PinnedBuffer::allocate(*device_, mask_bytes_));
    masks_ = std::move(masks);
  }
  std::memset(host_.data(), 0, code_->pictures * sizeof(std::int32_t));  // set by who finds what is no number
  return send_calls(pictures, stream);
}

Result<void> AnswerRun::end(CUstream stream) const {
  if (code_->kind == AnswerCode::Kind::mask)
    MOBILENET_CUDA(device_->driver(), "copying masks from the GPU",
                   cuMemcpyDtoHAsync(host_masks_.data(), masks_.address(), mask_bytes_, stream));
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
  if (code_->kind != AnswerCode::Kind::mask) return {};
  for (std::size_t i = 0; i < raw_masks_.size(); ++i) {
    const MaskPlace& place = mask_places_[i];
    const std::byte *const classes = host_masks_.data() + place.at, *const probabilities =
                                                                        host_masks_.data() + place.probabilities_at;
    raw_masks_[i] = {{reinterpret_cast<const std::uint8_t*>(classes), place.pixels},
                     {reinterpret_cast<const float*>(probabilities), place.pixels * code_->probabilities}};
  }
  answers_.masks = raw_masks_;
  return {};
}

}  // namespace mobilenet::cuda
