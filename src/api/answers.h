// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Answers: which end a task puts behind the network, and what the end's raw answer becomes for people: labels, numbers
// without background, the picture's pixels. Each keeps its own memory, taken when a shape is compiled.

#include <mobilenet/results.h>
#include <mobilenet/session.h>

#include <span>
#include <vector>

#include "api/model_state.h"
#include "backend/ends.h"

namespace mobilenet {

// The end of a classifier, detector or segmenter for inputs of these shapes; none for other tasks.
Result<AnswerEnd> answer_end(const ModelState& model, const SessionOptions& options, Task task,
                             std::span<const Shape> inputs);

// The best classes of every picture of a batch.
class ClassAnswers {
 public:
  ClassAnswers(const ModelState& model, const SessionOptions& options, const TopKEnd& end, std::size_t batch);
  std::span<const std::span<const Classification>> of(const RawAnswers& raw);

 private:
  const ModelSpec& spec_;
  float threshold_;
  std::vector<Classification> classes_;
  std::vector<std::span<const Classification>> answers_;
};

// The objects of every picture of a batch.
class ObjectAnswers {
 public:
  ObjectAnswers(const ModelState& model, const BoxesEnd& end, const Shape& input);
  std::span<const std::span<const Detection>> of(const RawAnswers& raw, std::span<const PictureCall> pictures);

 private:
  const ModelSpec& spec_;
  int input_height_, input_width_;
  std::vector<Detection> objects_;
  std::vector<std::span<const Detection>> answers_;
};

// The mask of one picture.
class MaskAnswer {
 public:
  explicit MaskAnswer(const ModelState& model);
  Segmentation of(const RawMask& raw, const PictureCall& picture);

 private:
  const ModelSpec& spec_;
  std::vector<SegmentClass> classes_;
};

}  // namespace mobilenet
