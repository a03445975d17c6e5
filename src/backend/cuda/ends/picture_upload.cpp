// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/ends/picture_upload.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

#include "base/error.h"
#include "pictures/upright_pixels.h"

namespace mobilenet::cuda {

Result<PictureUpload> PictureUpload::create(const Device& device, const CompiledPictureEnd& compiled,
                                            CUdeviceptr arguments, const ExecutionOptions& options) {
  PictureUpload upload;
  upload.device_ = &device;
  upload.compiled_ = &compiled;
  upload.arguments_ = arguments;
  const Workers workers(compiled.threads, options.executor, std::chrono::microseconds(options.spin_us));
  MOBILENET_TRY(upload.staging_, Staging::create(device, workers));
  upload.pictures_.resize(static_cast<std::size_t>(compiled.images));
  upload.sent_.resize(upload.pictures_.size());
  return upload;
}

// Makes the tables of those that are formed in another way than the ones before.
Result<void> PictureUpload::take(std::span<const PictureCall> pictures) {
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const ImageView& image = pictures[i].image;
    MOBILENET_TRY([[maybe_unused]] const UprightPixels valid, UprightPixels::of(image));
    const PictureForm form{image.width, image.height, image.format, image.orientation, pictures[i].geometry};
    Picture& picture = pictures_[i];
    if (picture.form == form) continue;
    placed_ = false;
    picture.form = {};  // stays invalid when it fails below
    MOBILENET_CHECK(picture.tables.make(compiled_->end.preprocess, form, compiled_->end.elements.channels));
    picture.form = form;
  }
  return {};
}

// Finds room for all pictures, writes their tables, and tells the kernels where all of it will be.
Result<void> PictureUpload::place_all(CUstream stream) {
  std::size_t bytes = 0;
  const auto room = [&](std::size_t& at, std::size_t needed) {
    at = std::exchange(bytes, bytes + next_aligned(needed));
  };
  for (Picture& picture : pictures_) room(picture.pixels_at, picture.tables.pixel_bytes());
  pixel_bytes_ = bytes;
  for (Picture& picture : pictures_) room(picture.tables_at, picture.tables.table_bytes());
  table_bytes_ = bytes - pixel_bytes_;
  for (Picture& picture : pictures_) room(picture.between_at, picture.tables.between_bytes());
  if (bytes > memory_.bytes()) {
    memory_ = {};
    MOBILENET_TRY(memory_, DeviceBuffer::allocate(*device_, bytes));
  }
  tables_.resize(std::max(tables_.size(), table_bytes_));
  for (std::size_t i = 0; i < pictures_.size(); ++i) {
    const Picture& picture = pictures_[i];
    picture.tables.write_tables(tables_.data() + (picture.tables_at - pixel_bytes_));
    sent_[i] = picture.tables.arguments(memory_.address() + picture.pixels_at, memory_.address() + picture.tables_at,
                                        memory_.address() + picture.between_at);
  }
  // Of memory that is not pinned the driver takes a copy.
  MOBILENET_CUDA(device_->driver(), "copying pictures to the GPU",
                 cuMemcpyHtoDAsync(arguments_, sent_.data(), sent_.size() * sizeof(PictureArguments), stream));
  return {};
}

// Bytes begin to end of memory_, as far as they are pixels or tables.
void PictureUpload::gather(std::span<const PictureCall> pictures, std::size_t begin, std::size_t end,
                           std::byte* out) const {
  // The last picture that begins at or before `begin`.
  const auto behind = std::upper_bound(pictures_.begin(), pictures_.end(), begin,
                                       [](std::size_t at, const Picture& picture) { return at < picture.pixels_at; });
  for (auto picture = behind - 1; picture != pictures_.end() && picture->pixels_at < end; ++picture) {
    const std::size_t from = std::max(begin, picture->pixels_at) - picture->pixels_at;
    const std::size_t until = std::min(end - picture->pixels_at, picture->tables.pixel_bytes());
    if (from < until)
      picture->tables.gather(pictures[static_cast<std::size_t>(picture - pictures_.begin())].image, from, until,
                             out + (picture->pixels_at + from - begin));
  }
  if (const std::size_t from = std::max(begin, pixel_bytes_); from < end)
    std::memcpy(out + (from - begin), tables_.data() + (from - pixel_bytes_), end - from);
}

Result<void> PictureUpload::send(std::span<const PictureCall> pictures, CUstream stream) {
  if (pictures.size() != pictures_.size())
    return failure(ErrorCode::invalid_argument, "a run of ", pictures.size(), " pictures of a program for ",
                   pictures_.size());
  try {
    MOBILENET_CHECK(take(pictures));
    const bool placed = std::exchange(placed_, false);
    if (!placed) MOBILENET_CHECK(place_all(stream));
    MOBILENET_CHECK(
        staging_.send(stream, memory_.address(), pixel_bytes_ + (placed ? 0 : table_bytes_),
                      [&](std::size_t begin, std::size_t end, std::byte* out) { gather(pictures, begin, end, out); }));
    placed_ = true;
    return {};
  } catch (const std::bad_alloc&) {
    return failure(ErrorCode::out_of_memory, "no memory for the tables of pictures");
  }
}

}  // namespace mobilenet::cuda
