// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "backend/cuda/ends/picture_upload.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "pictures/upright_pixels.h"

namespace mobilenet::cuda {
namespace {

constexpr const char* kWhat = "copying pictures to the GPU";

// Whether the byte at `address` is of the GPU's own memory.
Result<void> check_address(const Device& device, std::uintptr_t address) {
  // Of what is no memory that CUDA knows, the driver leaves both as they are or writes zeros.
  unsigned type = 0;
  int number = -1;
  CUpointer_attribute asked[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL};
  void* answers[] = {&type, &number};
  const CUresult known = device.driver().cuPointerGetAttributes(2, asked, answers, address);
  if (known != CUDA_SUCCESS || type != CU_MEMORYTYPE_DEVICE)
    return failure(ErrorCode::invalid_argument,
                   "the picture is said to lie in device memory, but its pixels are not all in the memory of a GPU");
  if (number != device.number())
    return failure(ErrorCode::invalid_argument, "the picture lies on GPU ", number, ", the library computes on GPU ",
                   device.number(), " (MOBILENET_CUDA_DEVICE)");
  return {};
}

// Of pixels in device memory that kernels shall read: a wrong address would end the work of the whole process there.
// Asks for the first and the last byte alone, because memory may consist of parts side by side.
Result<void> check_on_device(const Device& device, const ImageView& image) {
  for (std::size_t p = 0; p < plane_count(image.format); ++p) {
    const PlaneForm form = plane_form(image.format, image.width, image.height, p);
    const auto row = static_cast<std::uintptr_t>(form.pixel_bytes) * static_cast<std::uintptr_t>(form.width);
    const std::ptrdiff_t row_bytes = image.row_bytes[form.image_plane];
    const auto top = reinterpret_cast<std::uintptr_t>(image.planes[form.image_plane]);
    const auto bottom = top + static_cast<std::uintptr_t>(row_bytes * (form.height - 1));
    MOBILENET_CHECK(check_address(device, std::min(top, bottom)));
    MOBILENET_CHECK(check_address(device, std::max(top, bottom) + row - 1));
    if (p == 2 && is_ycbcr(image.format) && form.height > 1 && image.row_bytes[1] != image.row_bytes[2])
      return failure(ErrorCode::invalid_argument,
                     "the picture's colours lie in device memory, where the rows of both must be of one length; the "
                     "strides are ",
                     image.row_bytes[1], " and ", image.row_bytes[2]);
    if (image.format != PixelFormat::rgb_float_planes) continue;
    constexpr std::ptrdiff_t kFloat = sizeof(float);
    const std::ptrdiff_t stride = row_bytes;
    const bool strides_fit = image.height == 1 || (stride == image.row_bytes[0] && stride % kFloat == 0);
    if (!strides_fit || top % sizeof(float) != 0)
      return failure(ErrorCode::invalid_argument,
                     "the picture's float planes lie in device memory, where rows must be of one length, at addresses "
                     "and with strides that are multiples of 4; the strides are ",
                     image.row_bytes[0], ", ", image.row_bytes[1], " and ", image.row_bytes[2]);
  }
  return {};
}

}  // namespace

Result<PictureUpload> PictureUpload::create(const Device& device, const CompiledPictureEnd& compiled,
                                            CUdeviceptr arguments, const ExecutionOptions& options) {
  PictureUpload upload;
  upload.device_ = &device;
  upload.compiled_ = &compiled;
  upload.arguments_ = arguments;
  const Workers workers(compiled.threads, options.executor, std::chrono::microseconds(options.spin_us));
  MOBILENET_TRY(upload.staging_, Staging::create(device, workers));
  MOBILENET_TRY(upload.written_, Event::create(device, Event::Timing::no));
  upload.pictures_.resize(static_cast<std::size_t>(compiled.images));
  upload.sent_.resize(upload.pictures_.size());
  return upload;
}

// Makes the tables of those that are formed in another way than the ones before.
Result<void> PictureUpload::take(std::span<const PictureCall> pictures) {
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const ImageView& image = pictures[i].image;
    auto valid = UprightPixels::check(image);
    if (valid && image.format == PixelFormat::rgb565)
      valid = failure(ErrorCode::unsupported, "device cuda does not read pixels of RGB565; convert() makes them RGB");
    if (valid && image.memory == Memory::device) valid = check_on_device(*device_, image);
    if (!valid && pictures.size() > 1) return at(text("picture ", i + 1), std::move(valid).error());
    MOBILENET_CHECK(std::move(valid));
    const PictureForm form{image.width,          image.height, image.format, image.orientation,
                           pictures[i].geometry, image.memory, image.matrix, image.range};
    Picture& picture = pictures_[i];
    if (picture.form == form) continue;
    placed_ = false;
    picture.form = {};  // stays invalid when it fails below
    MOBILENET_CHECK(picture.tables.make(compiled_->end.preprocess, form, compiled_->end.elements.channels));
    picture.form = form;
  }
  return {};
}

// Finds room for all pictures, and writes their tables.
Result<void> PictureUpload::place_all() {
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
  for (const Picture& picture : pictures_)
    picture.tables.write_tables(tables_.data() + (picture.tables_at - pixel_bytes_));
  return {};
}

// Tells the kernels where all of it will be, unless they know.
Result<void> PictureUpload::tell(std::span<const PictureCall> pictures, bool placed, CUstream stream) {
  bool known = placed;
  for (std::size_t i = 0; i < pictures_.size(); ++i) {
    const ImageView& image = pictures[i].image;
    Picture& picture = pictures_[i];
    const bool moved = image.memory == Memory::device &&
                       (image.planes != picture.told.planes || image.row_bytes != picture.told.row_bytes);
    if (placed && !moved) continue;
    known = false;
    picture.told = image;
    sent_[i] = picture.tables.arguments(image, memory_.address() + picture.pixels_at,
                                        memory_.address() + picture.tables_at, memory_.address() + picture.between_at);
  }
  if (known) return {};
  // Of memory that is not pinned the driver takes a copy.
  MOBILENET_CUDA(device_->driver(), kWhat,
                 cuMemcpyHtoDAsync(arguments_, sent_.data(), sent_.size() * sizeof(PictureArguments), stream));
  return {};
}

// What comes in `stream` then, comes behind all that writes the device's pixels.
Result<void> PictureUpload::wait_for_writers(std::span<const PictureCall> pictures, CUstream stream) const {
  const void* last = nullptr;
  for (const PictureCall& call : pictures) {
    if (call.image.memory != Memory::device || call.image.stream == nullptr || call.image.stream == last) continue;
    last = call.image.stream;
    MOBILENET_CUDA(device_->driver(), "waiting for the stream of a picture",
                   cuEventRecord(written_.get(), static_cast<CUstream>(call.image.stream)));
    MOBILENET_CUDA(device_->driver(), "waiting for the stream of a picture",
                   cuStreamWaitEvent(stream, written_.get(), CU_EVENT_WAIT_DEFAULT));
  }
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
    if (!placed) MOBILENET_CHECK(place_all());
    MOBILENET_CHECK(tell(pictures, placed, stream));
    MOBILENET_CHECK(
        staging_.send(stream, memory_.address(), pixel_bytes_ + (placed ? 0 : table_bytes_),
                      [&](std::size_t begin, std::size_t end, std::byte* out) { gather(pictures, begin, end, out); }));
    MOBILENET_CHECK(wait_for_writers(pictures, stream));
    placed_ = true;
    return {};
  } catch (const std::bad_alloc&) {
    return failure(ErrorCode::out_of_memory, "no memory for the tables of pictures");
  }
}

}  // namespace mobilenet::cuda
