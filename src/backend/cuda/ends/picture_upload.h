// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The pictures of one execution's runs on the device: their pixels, unless they lie there already, and the tables of
// their sizes.

#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/cuda/ends/picture_end.h"
#include "backend/cuda/ends/picture_tables.h"
#include "backend/cuda/ends/staging.h"

namespace mobilenet::cuda {

class PictureUpload {
 public:
  // `compiled` outlives this. arguments: where the kernels look for PictureArguments.
  static Result<PictureUpload> create(const Device& device, const CompiledPictureEnd& compiled, CUdeviceptr arguments,
                                      const ExecutionOptions& options);

  // Sends one picture per image of the batch; the kernels may run behind it in `stream`, and the caller's pixels on the
  // host are free when it returns; those on the device when the kernels are done. Only pixels travel when all pictures
  // are formed as those before, and addresses of the device's. Allocates only where a batch takes more memory than
  // every one before, and then waits for the device.
  Result<void> send(std::span<const PictureCall> pictures, CUstream stream);

 private:
  struct Picture {
    PictureForm form;
    PictureTables tables;
    ImageView told;                                            // the one of the device whose addresses the kernels have
    std::size_t pixels_at = 0, tables_at = 0, between_at = 0;  // bytes into memory_
  };

  Result<void> take(std::span<const PictureCall> pictures);
  Result<void> place_all();
  Result<void> tell(std::span<const PictureCall> pictures, bool placed, CUstream stream);
  Result<void> wait_for_writers(std::span<const PictureCall> pictures, CUstream stream) const;
  void gather(std::span<const PictureCall> pictures, std::size_t begin, std::size_t end, std::byte* out) const;

  const Device* device_ = nullptr;
  const CompiledPictureEnd* compiled_ = nullptr;
  CUdeviceptr arguments_ = 0;
  Staging staging_;
  DeviceBuffer memory_;  // pixels of all pictures, tables of all, then what lies between passes
  Event written_;        // of pixels on the device, one stream after the other
  std::vector<Picture> pictures_;
  std::size_t pixel_bytes_ = 0, table_bytes_ = 0;  // of all, gaps included
  bool placed_ = false;                            // whether the device has the tables of the last run
  std::vector<std::byte> tables_;
  std::vector<PictureArguments> sent_;
};

}  // namespace mobilenet::cuda
