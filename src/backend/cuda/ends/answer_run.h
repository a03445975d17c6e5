// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What one execution keeps of its answer end, and what a run does for it beside the launches.

#include <span>
#include <vector>

#include "backend/cuda/driver/device.h"
#include "backend/cuda/ends/answer.h"

namespace mobilenet::cuda {

class AnswerRun {
 public:
  // `code` outlives this.
  Result<void> open(const Device& device, const AnswerCode& code, Address arena);
  // Of the pinned memory.
  Address host() const { return reinterpret_cast<Address>(host_.data()); }

  // Before the launches: the pictures of masks. Takes memory where they are larger than all before, else none.
  Result<void> begin(std::span<const PictureCall> pictures, CUstream stream);
  // Behind the launches.
  Result<void> end(CUstream stream) const;
  // Once the run is done. Fails where the network's scores are not numbers.
  Result<void> finish();
  RawAnswers answers() const { return answers_; }

 private:
  // Where the masks of pictures lie in masks_ and host_masks_, and how many bytes all of them take.
  std::size_t place_masks(std::span<const PictureCall> pictures);
  Result<void> send_calls(std::span<const PictureCall> pictures, CUstream stream);

  template <class Found>
  std::span<const Found> found(std::size_t picture, std::size_t count) const;

  const Device* device_ = nullptr;
  const AnswerCode* code_ = nullptr;
  Address arena_ = 0;
  PinnedBuffer host_;
  // Of all pictures, one behind the other, what the kernel makes and its copy.
  DeviceBuffer masks_;
  PinnedBuffer host_masks_;
  struct MaskPlace {
    std::size_t pixels = 0, at = 0, probabilities_at = 0;
  };
  std::vector<MaskPlace> mask_places_;  // of the run's pictures
  std::size_t mask_bytes_ = 0;          // of the run
  std::vector<RawMask> raw_masks_;
  std::vector<std::span<const ScoredRow>> rows_;
  std::vector<std::span<const RawDetection>> boxes_;
  RawAnswers answers_;
};

}  // namespace mobilenet::cuda
