// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Answers: what the raw output of a run becomes for people. Each keeps its own memory, taken when a shape is compiled,
// so that a frame allocates nothing once its tables have grown to the largest picture.

#include <mobilenet/results.h>
#include <mobilenet/session.h>

#include <span>
#include <vector>

#include "api/model_state.h"
#include "base/aligned_buffer.h"
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
  // As read(), but fails where one of them is NaN; `picture` of `pictures` is named then.
  Result<const float*> read_numbers(std::size_t first, std::size_t count, std::size_t picture, std::size_t pictures);

 private:
  const std::byte* data_ = nullptr;
  RealReader reader_;
  std::vector<float> converted_;
};

// The best classes of every picture of a batch.
class ClassAnswers {
 public:
  static Result<ClassAnswers> create(const ModelState& model, const SessionOptions& options,
                                     const Execution& execution);
  // Fails where the network's scores are not numbers.
  Result<std::span<const std::span<const Classification>>> run();

 private:
  ClassAnswers(const ModelState& model, const SessionOptions& options, const Execution& execution,
               const std::vector<bool>& wanted);

  const ModelSpec& spec_;
  float threshold_;
  RealNumbers rows_;
  std::size_t row_length_ = 0;
  std::vector<float> scores_;  // of every class; of two where the row is one probability with two names
  std::vector<int> chosen_;    // rows that may be an answer; empty: all
  std::vector<float> chosen_scores_;
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
  // Fails where a box or score of the network is not a number.
  Result<std::span<const std::span<const Detection>>> run(std::span<const Geometry> geometries);

 private:
  ObjectAnswers(const ModelState& model, const SessionOptions& options, const Execution& execution,
                DetectionDecoder decoder);

  const ModelSpec& spec_;
  std::size_t most_;  // objects per picture
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
  // Fails where a score of the network is not a number.
  Result<Segmentation> run(const Geometry& geometry, int width, int height);

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
