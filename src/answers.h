// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Answers: what the raw output of a run becomes for people. Each keeps its own memory, taken when a shape is compiled,
// so that a frame allocates nothing once its tables have grown to the largest picture.

#include <mobilenet/results.h>
#include <mobilenet/session.h>

#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "model_state.h"
#include "network/parameter.h"
#include "postprocess/detection.h"
#include "postprocess/mask.h"
#include "postprocess/top_k.h"
#include "preprocess/geometry.h"

namespace mobilenet {

// A quantised or float output of the execution as real numbers.
class RealNumbers {
 public:
  RealNumbers() = default;
  // `most`: elements read at once.
  RealNumbers(const HostTensor& source, const ChannelQuantization& quantization, std::size_t most);
  // Elements first..first + count, in place for float tensors, else converted into memory of this object.
  const float* read(std::size_t first, std::size_t count);

 private:
  const std::byte* data_ = nullptr;
  RealReader reader_;
  std::vector<float> converted_;
};

// The best classes of every picture of a batch.
class ClassAnswers {
 public:
  ClassAnswers(const ModelState& model, const SessionOptions& options, const Execution& execution, bool is_probability);
  std::span<const std::span<const Classification>> run();

 private:
  const ModelSpec& spec_;
  RealNumbers rows_;
  bool is_probability_;
  std::vector<float> scores_;
  std::vector<ScoredRow> best_;
  std::vector<Classification> classes_;
  std::vector<std::span<const Classification>> answers_;
};

// The objects of every picture of a batch. Outputs of the execution: boxes, scores.
class ObjectAnswers {
 public:
  static Result<ObjectAnswers> create(const ModelState& model, const SessionOptions& options,
                                      const Execution& execution);
  // One geometry per picture.
  std::span<const std::span<const Detection>> run(std::span<const Geometry> geometries);

 private:
  ObjectAnswers(const ModelState& model, const SessionOptions& options, const Execution& execution,
                DetectionDecoder decoder);

  const ModelSpec& spec_;
  const SessionOptions& options_;
  DetectionDecoder decoder_;
  AlignedBuffer workspace_;
  RealNumbers boxes_, scores_;
  std::size_t anchors_ = 0, columns_ = 0;
  int input_height_ = 0, input_width_ = 0;
  std::vector<Detection> objects_;
  std::vector<std::span<const Detection>> answers_;
};

// The mask of one picture. Output of the execution: logits.
class MaskAnswer {
 public:
  MaskAnswer(const ModelState& model, const SessionOptions& options, const Execution& execution);
  Segmentation run(const Geometry& geometry, int width, int height);

 private:
  const ModelSpec& spec_;
  bool probabilities_wanted_;
  RealNumbers logits_;  // of a quantised tensor as stored
  float step_ = 0;      // what one of those stored is worth; 0 for float logits
  int rows_ = 0, columns_ = 0, channels_ = 0, input_height_ = 0, input_width_ = 0;
  std::vector<float> scratch_, probabilities_;
  std::vector<std::uint8_t> mask_;
  std::vector<SegmentClass> classes_;
};

}  // namespace mobilenet
