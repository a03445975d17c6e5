// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The operator around the decoder: stored integers are made real, pictures of a batch stay apart, unused rows are zero.
#include "postprocess/detection_operator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <memory>
#include <random>

namespace mobilenet {
namespace {

constexpr std::size_t kAnchors = 24, kColumns = 4, kMost = 9, kBatch = 2;

struct Answer {
  std::vector<float> boxes, classes, scores, counts;
  bool operator==(const Answer&) const = default;
};

DetectionPostProcessOp operator_of(SuppressionRule rule) {
  DetectionPostProcessOp op;
  op.spec.classes = kColumns - 1;
  op.spec.suppression.rule = rule;
  op.spec.suppression.max_detections = kMost;
  op.spec.suppression.score_threshold = 0.6f;
  return op;
}

std::vector<AnchorBox> anchors() {
  std::vector<AnchorBox> boxes;
  for (std::size_t i = 0; i < kAnchors; ++i)
    boxes.push_back({static_cast<float>(i % 6) / 6, static_cast<float>(i / 6) / 4, 0.3f, 0.2f});
  return boxes;
}

Tensor tensor_of(DataType type, std::size_t columns, float scale, std::int32_t zero_point) {
  Tensor tensor{"scores", type, {1, static_cast<std::int64_t>(kAnchors), static_cast<std::int64_t>(columns)}, {}, -1};
  if (type != DataType::f32) tensor.quantization = Quantization{{scale}, {zero_point}, 0};
  return tensor;
}

template <class T>
Answer run(const DetectionPostProcessOp& op, const Tensor& boxes, const Tensor& scores,
           const std::vector<T>& stored_boxes, const std::vector<T>& stored_scores) {
  const auto detection = DetectionOperator::create(op, boxes, scores, anchors());
  if (!detection) {
    ADD_FAILURE() << detection.error().message;
    return {};
  }
  Answer answer{std::vector<float>(kBatch * kMost * 4, -7), std::vector<float>(kBatch * kMost, -7),
                std::vector<float>(kBatch * kMost, -7), std::vector<float>(kBatch, -7)};
  const auto workspace = std::make_unique<std::byte[]>(detection->workspace_bytes());
  detection->run(kBatch,
                 {reinterpret_cast<const std::byte*>(stored_boxes.data()),
                  reinterpret_cast<const std::byte*>(stored_scores.data()), answer.boxes.data(), answer.classes.data(),
                  answer.scores.data(), answer.counts.data()},
                 workspace.get());
  return answer;
}

template <class T>
std::vector<float> real(const std::vector<T>& stored, float scale, std::int32_t zero_point) {
  std::vector<float> values;
  for (const T value : stored) values.push_back(scale * static_cast<float>(value - zero_point));
  return values;
}

// Integers give the very answer of the floats that they stand for.
template <class T>
void expect_same_as_floats(DataType type, SuppressionRule rule) {
  std::mt19937 random(7);
  const auto draw = [&](std::size_t count) {
    std::vector<T> values(count);
    for (T& value : values) value = static_cast<T>(random());
    return values;
  };
  const auto boxes = draw(kBatch * kAnchors * 4), scores = draw(kBatch * kAnchors * kColumns);
  const auto low = static_cast<std::int32_t>(std::numeric_limits<T>::min());
  const DetectionPostProcessOp op = operator_of(rule);
  const Answer integers =
      run(op, tensor_of(type, 4, 0.05f, low + 121), tensor_of(type, kColumns, 1 / 256.0f, low), boxes, scores);
  const Answer floats = run(op, tensor_of(DataType::f32, 4, 0, 0), tensor_of(DataType::f32, kColumns, 0, 0),
                            real(boxes, 0.05f, low + 121), real(scores, 1 / 256.0f, low));
  EXPECT_EQ(integers, floats);
  for (std::size_t n = 0; n < kBatch; ++n) EXPECT_GT(integers.counts[n], 0);
  EXPECT_NE(std::memcmp(integers.boxes.data(), integers.boxes.data() + kMost * 4, kMost * 4 * sizeof(float)), 0)
      << "both pictures have the same boxes";
}

TEST(DetectionOperator, IntegersAreWhatTheyStandFor) {
  for (const SuppressionRule rule : {SuppressionRule::fast, SuppressionRule::per_class}) {
    expect_same_as_floats<std::uint8_t>(DataType::u8, rule);
    expect_same_as_floats<std::int8_t>(DataType::i8, rule);
  }
}

TEST(DetectionOperator, UnusedRowsAreZero) {
  std::vector<float> boxes(kBatch * kAnchors * 4), scores(kBatch * kAnchors * kColumns);
  scores[(kAnchors + 3) * kColumns + 2] = 0.75f;  // one answer, in the second picture
  const Answer answer = run(operator_of(SuppressionRule::fast), tensor_of(DataType::f32, 4, 0, 0),
                            tensor_of(DataType::f32, kColumns, 0, 0), boxes, scores);
  EXPECT_EQ(answer.counts, (std::vector<float>{0, 1}));
  std::vector<float> expected_scores(kBatch * kMost), expected_classes(kBatch * kMost);
  expected_scores[kMost] = 0.75f;
  expected_classes[kMost] = 1;
  EXPECT_EQ(answer.scores, expected_scores);
  EXPECT_EQ(answer.classes, expected_classes);
  for (std::size_t i = 0; i < answer.boxes.size(); ++i)
    EXPECT_EQ(answer.boxes[i] != 0, i >= kMost * 4 && i < kMost * 4 + 4) << i;
}

TEST(DetectionOperator, TheCountIsOfBoxes) {
  std::vector<float> boxes(kBatch * kAnchors * 4), scores(kBatch * kAnchors * kColumns);
  scores[kColumns + 1] = 0.875f;
  scores[kColumns + 3] = 0.75f;
  DetectionPostProcessOp op = operator_of(SuppressionRule::fast);
  op.spec.suppression.max_detections = 3;
  op.spec.suppression.max_classes_per_anchor = 3;  // kMost rows again
  const Answer answer =
      run(op, tensor_of(DataType::f32, 4, 0, 0), tensor_of(DataType::f32, kColumns, 0, 0), boxes, scores);
  EXPECT_EQ(answer.counts, (std::vector<float>{1, 0}));
  EXPECT_EQ(answer.scores, (std::vector<float>{0.875f, 0.75f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(answer.classes[1], 2);
}

// As the runtime does: a box has at most as many rows as there are classes, the outputs as many as were asked for.
TEST(DetectionOperator, MoreClassesOfABoxThanThereAre) {
  std::vector<float> boxes(kBatch * kAnchors * 4), scores(kBatch * kAnchors * kColumns);
  scores[kColumns + 1] = 0.875f;
  scores[kColumns + 3] = 0.75f;
  DetectionPostProcessOp op = operator_of(SuppressionRule::fast);
  op.spec.suppression.max_detections = 1;
  op.spec.suppression.max_classes_per_anchor = static_cast<int>(kMost);
  ASSERT_LT(op.spec.classes, static_cast<int>(kMost));
  const Answer answer =
      run(op, tensor_of(DataType::f32, 4, 0, 0), tensor_of(DataType::f32, kColumns, 0, 0), boxes, scores);
  EXPECT_EQ(answer.counts, (std::vector<float>{1, 0}));
  EXPECT_EQ(answer.scores[0], 0.875f);
  EXPECT_EQ(answer.scores[1], 0.75f);
}

// As the runtime lays them out: box i begins at row i times the classes that were asked for, whether there are as many
// or not.
TEST(DetectionOperator, BoxesKeepTheirRowsWhereThereAreFewerClasses) {
  std::vector<float> boxes(kBatch * kAnchors * 4), scores(kBatch * kAnchors * kColumns);
  scores[kColumns + 1] = 0.75f;
  scores[8 * kColumns + 2] = 0.875f;
  DetectionPostProcessOp op = operator_of(SuppressionRule::fast);
  op.spec.suppression.max_detections = 2;
  op.spec.suppression.max_classes_per_anchor = 4;  // one more than there are
  const Answer answer =
      run(op, tensor_of(DataType::f32, 4, 0, 0), tensor_of(DataType::f32, kColumns, 0, 0), boxes, scores);
  EXPECT_EQ(answer.counts, (std::vector<float>{2, 0}));
  const std::vector<float> first(answer.scores.begin(), answer.scores.begin() + 8);
  EXPECT_EQ(first, (std::vector<float>{0.875f, 0, 0, 0, 0.75f, 0, 0, 0}));
  EXPECT_EQ(answer.classes[0], 1);
  EXPECT_EQ(answer.classes[4], 0);
  EXPECT_EQ(answer.boxes[3 * 4 + 2], 0) << "a row of no class";
}

#ifdef __GLIBCXX__
// Equal scores in the order that the runtime (LiteRT 2.3.0) gave.
TEST(DetectionOperator, EqualClassesOfABoxComeInTheRuntimesOrder) {
  std::vector<float> boxes(kBatch * kAnchors * 4), scores(kBatch * kAnchors * kColumns);
  scores[1] = scores[3] = 0.875f;
  scores[2] = 0.75f;
  DetectionPostProcessOp op = operator_of(SuppressionRule::fast);
  op.spec.suppression.max_detections = 3;
  op.spec.suppression.max_classes_per_anchor = 3;
  const Answer answer =
      run(op, tensor_of(DataType::f32, 4, 0, 0), tensor_of(DataType::f32, kColumns, 0, 0), boxes, scores);
  EXPECT_EQ(answer.counts[0], 1);
  const std::vector<float> classes(answer.classes.begin(), answer.classes.begin() + 3);
  EXPECT_EQ(classes, (std::vector<float>{2, 0, 1}));
}
#endif

TEST(DetectionOperator, OtherTypesAreRefused) {
  const auto detection =
      DetectionOperator::create(operator_of(SuppressionRule::fast), tensor_of(DataType::f32, 4, 0, 0),
                                tensor_of(DataType::i32, kColumns, 1, 0), anchors());
  ASSERT_FALSE(detection);
  EXPECT_EQ(detection.error().message, "\"scores\" is i32, expected f32, u8 or i8");
}

}  // namespace
}  // namespace mobilenet
