// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The picture end as launches in front of the network's: kernels/pictures.cu.

#include "backend/cuda/program/step.h"
#include "backend/cuda/program/storage.h"
#include "backend/ends.h"

namespace mobilenet::cuda {

// What an execution needs to bring pictures to the kernels.
struct CompiledPictureEnd {
  PictureEnd end;
  int images = 0;                // of the batch
  std::size_t arguments_at = 0;  // their PictureArguments, bytes into the arena
  int threads = 1;               // that gather pixels
};

// Whatever PictureInput does is done: all geometries, filters and encodings, pictures of bytes and of floats.
bool computes(const PictureEnd& end, const Network& network);

// Takes its part of the arena from `storage`.
Result<CompiledPictureEnd> compile_picture_end(const StepSource& source, const PictureEnd& end, int threads,
                                               TensorStorage& storage);

}  // namespace mobilenet::cuda
