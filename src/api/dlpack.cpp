// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

#include <mobilenet/device.h>
#include <mobilenet/dlpack.h>

#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "base/caught.h"
#include "base/error.h"

namespace mobilenet {
namespace {

// As DLPack's header has them where pointers are of 64 bits; the order of the fields says the rest.
static_assert(sizeof(dlpack::Device) == 8 && sizeof(dlpack::DataType) == 4 && offsetof(dlpack::DataType, lanes) == 2);
static_assert(sizeof(void*) != 8 || (offsetof(dlpack::Tensor, device) == 8 && offsetof(dlpack::Tensor, ndim) == 16 &&
                                     offsetof(dlpack::Tensor, dtype) == 20 && offsetof(dlpack::Tensor, shape) == 24 &&
                                     offsetof(dlpack::Tensor, strides) == 32 &&
                                     offsetof(dlpack::Tensor, byte_offset) == 40 && sizeof(dlpack::Tensor) == 48));
static_assert(sizeof(void*) != 8 ||
              (offsetof(dlpack::ManagedTensor, manager_ctx) == 48 && offsetof(dlpack::ManagedTensor, deleter) == 56 &&
               sizeof(dlpack::ManagedTensor) == 64));

constexpr const char* kTensor = "a DLPack tensor ";  // in front of what is wrong with it
constexpr std::int32_t kHost = 1, kGpu = 2, kPinnedHost = 3;
constexpr std::uintptr_t kGpuAlignment = 16;  // as tensor.h says of Memory::device

struct TypeRow {
  DataType type;
  std::uint8_t code, bits;
};
constexpr std::array kTypes{TypeRow{DataType::f32, 2, 32}, TypeRow{DataType::f16, 2, 16},
                            TypeRow{DataType::u8, 1, 8},   TypeRow{DataType::i8, 0, 8},
                            TypeRow{DataType::i16, 0, 16}, TypeRow{DataType::i32, 0, 32},
                            TypeRow{DataType::i64, 0, 64}, TypeRow{DataType::boolean, 6, 8}};

std::string list_of(std::span<const std::int64_t> numbers) {
  std::string list = "[";
  for (const std::int64_t number : numbers) list += text(list.size() > 1 ? ", " : "", number);
  return list + "]";
}

// Which of the machine's GPUs the library computes on.
Result<std::int32_t> gpu_number() {
  auto gpu = backend_for(mobilenet::Device::cuda);
  if (!gpu) return at("device cuda", std::move(gpu).error());
  return (*gpu)->number();
}

Result<std::size_t> bytes_of(std::span<const std::int64_t> shape, DataType type) {
  // Those of no element too, so that an axis of 0 hides no other.
  std::size_t bytes = size_of(type);
  bool is_empty = false;
  for (const std::int64_t axis : shape) {
    if (axis < 0 || (axis > 0 && bytes > std::numeric_limits<std::ptrdiff_t>::max() / static_cast<std::uint64_t>(axis)))
      return failure(ErrorCode::invalid_argument, kTensor, "has the shape ", list_of(shape), ", which no memory has");
    if (axis == 0)
      is_empty = true;
    else
      bytes *= static_cast<std::size_t>(axis);
  }
  return is_empty ? 0 : bytes;
}

// An axis of one place may have any stride, since nobody takes the step.
Result<void> check_gaps(std::span<const std::int64_t> shape, const std::int64_t* strides) {
  if (strides == nullptr) return {};
  std::int64_t expected = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] != 1 && strides[axis] != expected)
      return failure(ErrorCode::invalid_argument, kTensor, "of shape ", list_of(shape), " has the strides ",
                     list_of({strides, shape.size()}),
                     ": its elements do not lie one behind the other; make a contiguous copy first");
    expected *= shape[axis];
  }
  return {};
}

Result<Memory> memory_of(const dlpack::Device& device) {
  if (device.device_type == kHost || device.device_type == kPinnedHost) return Memory::host;
  if (device.device_type != kGpu)
    return failure(ErrorCode::unsupported, kTensor, "lies on a device of kind ", device.device_type,
                   "; the library takes those on the host (1 and 3) and on its GPU (2)");
  MOBILENET_TRY(const std::int32_t number, gpu_number());
  if (device.device_id != number)
    return failure(ErrorCode::unsupported, kTensor, "lies on GPU ", device.device_id, ", the library computes on GPU ",
                   number, " (MOBILENET_CUDA_DEVICE)");
  return Memory::device;
}

Result<DataType> type_of(const dlpack::DataType& type) {
  for (const TypeRow& row : kTypes)
    if (row.code == type.code && row.bits == type.bits && type.lanes == 1) return row.type;
  std::string known;
  for (const TypeRow& row : kTypes) known.append(known.empty() ? "" : ", ").append(name_of(row.type));
  return failure(ErrorCode::unsupported, kTensor, "has elements of code ", type.code, ", bits ", type.bits, ", lanes ",
                 type.lanes, "; the library has ", known);
}

struct Exported {
  dlpack::ManagedTensor tensor;
  std::shared_ptr<const void> owner;
  std::vector<std::int64_t> shape, strides;
};

}  // namespace

Result<dlpack::OwnedTensor> to_dlpack(const TensorView& view, std::shared_ptr<const void> owner) try {
  MOBILENET_TRY(const std::size_t bytes, bytes_of(view.shape, view.type));
  if (bytes != view.bytes || (bytes > 0 && view.data == nullptr))
    return failure(ErrorCode::invalid_argument, kTensor, "of a view of ", view.bytes, " bytes, whose shape ",
                   list_of(view.shape), " needs ", bytes);
  auto made = std::make_unique<Exported>();
  dlpack::Tensor& tensor = made->tensor.dl_tensor;
  tensor.device.device_type = kHost;
  if (view.memory == Memory::device) {
    MOBILENET_TRY(const std::int32_t number, gpu_number());
    tensor.device = {kGpu, number};
  }
  for (const TypeRow& row : kTypes)
    if (row.type == view.type) tensor.dtype = {row.code, row.bits, 1};
  // Strides are written out: DLPack 1.2 and later have no null there.
  made->shape.assign(view.shape.begin(), view.shape.end());
  made->strides.resize(made->shape.size());
  std::int64_t step = 1;
  for (std::size_t axis = made->shape.size(); axis-- > 0; step *= made->shape[axis]) made->strides[axis] = step;
  tensor.data = const_cast<void*>(view.data);  // this exchange has no word for what is only to be read
  tensor.ndim = static_cast<std::int32_t>(made->shape.size());
  tensor.shape = made->shape.data();
  tensor.strides = made->strides.data();
  made->owner = std::move(owner);
  made->tensor.manager_ctx = made.get();
  made->tensor.deleter = [](dlpack::ManagedTensor* self) { delete static_cast<Exported*>(self->manager_ctx); };
  return dlpack::OwnedTensor(&made.release()->tensor);
} catch (...) {
  return caught("a DLPack tensor");
}

Result<TensorView> from_dlpack(const dlpack::Tensor& tensor, void* stream) try {
  if (tensor.ndim < 0 || (tensor.ndim > 0 && tensor.shape == nullptr))
    return failure(ErrorCode::invalid_argument, kTensor, "of ", tensor.ndim, " axes has no shape");
  TensorView view;
  MOBILENET_TRY(view.memory, memory_of(tensor.device));
  MOBILENET_TRY(view.type, type_of(tensor.dtype));
  view.shape = {tensor.shape, static_cast<std::size_t>(tensor.ndim)};
  MOBILENET_TRY(view.bytes, bytes_of(view.shape, view.type));
  if (view.bytes == 0) return view;
  MOBILENET_CHECK(check_gaps(view.shape, tensor.strides));
  if (tensor.data == nullptr)
    return failure(ErrorCode::invalid_argument, kTensor, "of shape ", list_of(view.shape), " has no memory");
  view.data = static_cast<const std::byte*>(tensor.data) + tensor.byte_offset;
  const std::uintptr_t alignment = view.memory == Memory::device ? kGpuAlignment : size_of(view.type);
  if (reinterpret_cast<std::uintptr_t>(view.data) % alignment != 0)
    return failure(ErrorCode::invalid_argument, kTensor, "lies at an address that is no multiple of ", alignment,
                   " (byte_offset ", tensor.byte_offset, ")");
  if (view.memory == Memory::device) view.stream = stream;
  return view;
} catch (...) {
  return caught("a DLPack tensor");
}

Result<TensorBuffer> buffer_from_dlpack(const dlpack::Tensor& tensor, DataType type, void* stream) try {
  MOBILENET_TRY(const TensorView view, from_dlpack(tensor, stream));
  if (view.type != type)
    return failure(ErrorCode::invalid_argument, kTensor, "has elements of ", name_of(view.type), ", the output's are ",
                   name_of(type));
  return TensorBuffer{const_cast<void*>(view.data), view.bytes, view.memory, view.stream};
} catch (...) {
  return caught("a DLPack tensor");
}

}  // namespace mobilenet
