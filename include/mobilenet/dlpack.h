// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Tensors for other libraries of the process, and from them, without a copy: DLPack, which PyTorch, CuPy, JAX and NumPy
// read and write (docs/tensors.md has an example). Of bytes only their place changes hands, so a tensor in a GPU's
// memory stays there.

#include <mobilenet/export.h>
#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <cstdint>
#include <memory>

namespace mobilenet {

// The structures of DLPack's unversioned exchange, those that a capsule "dltensor" holds, with its names. They lie in
// memory as those of <dlpack/dlpack.h> do, which is not needed: reinterpret_cast<DLManagedTensor*> makes one the other.
namespace dlpack {

struct Device {
  std::int32_t device_type = 0;  // 1: the host; 2: a GPU of NVIDIA; 3: the host, in pages that a GPU copies from
  std::int32_t device_id = 0;    // of several GPUs
};

struct DataType {
  std::uint8_t code = 0;  // 0: signed, 1: unsigned integers; 2: floats; 6: booleans
  std::uint8_t bits = 0;  // of one element
  std::uint16_t lanes = 1;
};

struct Tensor {
  void* data = nullptr;
  Device device;
  std::int32_t ndim = 0;
  DataType dtype;
  std::int64_t* shape = nullptr;    // [ndim]
  std::int64_t* strides = nullptr;  // [ndim], in elements; null: without gaps, the last axis first
  std::uint64_t byte_offset = 0;    // of the first element, from `data`
};

struct ManagedTensor {
  Tensor dl_tensor;
  void* manager_ctx = nullptr;
  void (*deleter)(ManagedTensor* self) = nullptr;  // who has the tensor calls it once; null: nothing is to be done
};

struct Deleter {
  void operator()(ManagedTensor* tensor) const {
    if (tensor->deleter != nullptr) tensor->deleter(tensor);
  }
};

// A tensor that somebody made and this owns; release() hands it to a library that calls the deleter itself.
using OwnedTensor = std::unique_ptr<ManagedTensor, Deleter>;

}  // namespace dlpack

// A tensor for another library, in the view's own memory, without gaps. `owner` keeps that memory alive: it is let go
// when the deleter is called, on whichever thread that is; where it was the last, what it owns is freed there. Device
// memory is that of the library's GPU, and what is in it must be ready, as it is when Session::run returned: this
// exchange names no stream. Name, scale and zero point do not travel.
MOBILENET_API Result<dlpack::OwnedTensor> to_dlpack(const TensorView& view, std::shared_ptr<const void> owner);

// Another library's tensor as an input of Session::run. The view borrows memory and shape: the tensor must outlive the
// runs that it is given to, and whoever had it releases it. `stream`: the CUstream on which it was written; null: it is
// ready. Refused are, `unsupported`, other devices than the host and the library's GPU, and other types of elements
// than those of DataType; `invalid_argument`, gaps between elements, sizes that no memory has, and addresses that are
// no multiple of an element, on the GPU of 16.
MOBILENET_API Result<TensorView> from_dlpack(const dlpack::Tensor& tensor, void* stream = nullptr);

// Another library's tensor as memory for an output of Session::run, under the same rules, and refused where its
// elements are not of this type. Its shape is not looked at, only the bytes count.
MOBILENET_API Result<TensorBuffer> buffer_from_dlpack(const dlpack::Tensor& tensor, DataType type,
                                                      void* stream = nullptr);

}  // namespace mobilenet
