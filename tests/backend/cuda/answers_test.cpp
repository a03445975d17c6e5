// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Answer ends on the GPU give what the host makes of the same numbers: the same classes and boxes in the same order,
// the same masks.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "backend/cuda/gpu.h"
#include "backend/float_network.h"
#include "backend/host_ends.h"
#include "backend/registry.h"
#include "models/anchors.h"
#include "models/models.h"

namespace mobilenet {

// No session is opened here.
std::span<const DeviceRow> device_rows() { return {}; }
std::span<const DeviceInfo> devices() { return {}; }

namespace testing {
namespace {

constexpr float kScore = 1e-5f;  // exponentials of another library
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Numbers = std::vector<float>;

// A network with the numbers that it is given as its outputs.
FloatNetwork passing_on(int tensors) {
  FloatNetwork net(1);
  std::vector<TensorId> inputs;
  for (int i = 0; i < tensors; ++i) inputs.push_back(net.input());
  for (const TensorId input : inputs) net.network.outputs.push_back(net.add(ActivationOp{Activation::none}, {input}));
  return net;
}

// With `step`, whole multiples of it: many are equal.
Numbers random_numbers(std::int64_t count, unsigned seed, float low, float high, float step = 0) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(low, high);
  Numbers numbers(static_cast<std::size_t>(count));
  for (float& number : numbers) {
    number = value(random);
    if (step > 0) number = std::round(number / step) * step;
  }
  return numbers;
}

// Both ways to an answer.
struct Pair {
  std::unique_ptr<Execution> host, gpu;
  std::unique_ptr<HostAnswer> host_answer;
};

class CudaAnswers : public OnGpu {
 protected:
  void open(const Network& network, const Parameters& parameters, std::vector<Shape> inputs, const AnswerEnd& end,
            Precision precision, Pair& pair) {
    ASSERT_TRUE(gpu().claims(network, {std::nullopt, end}).answer);
    const auto weights = packed(gpu(), network, parameters, precision);
    ASSERT_TRUE(weights) << weights.error().message;
    CompileRequest request;
    request.input_shapes = std::move(inputs);
    request.outputs = tensors_of(end);
    const auto plain = gpu().compile(*weights, request);
    ASSERT_TRUE(plain) << plain.error().message;
    pair.host = (*plain)->open({}).value();
    auto answer = host_answer(end, network, request.input_shapes[0], pair.host->outputs());
    ASSERT_TRUE(answer) << answer.error().message;
    pair.host_answer = *std::move(answer);
    request.ends.answer = end;
    const auto claimed = gpu().compile(*weights, request);
    ASSERT_TRUE(claimed) << claimed.error().message;
    pair.gpu = (*claimed)->open({}).value();
    for (const TensorMemory& output : pair.gpu->outputs()) EXPECT_EQ(output.memory, Memory::device);
  }

  void expect_alike(Pair& pair, const std::vector<Numbers>& inputs, std::span<const PictureCall> pictures) {
    for (const auto& execution : {pair.host.get(), pair.gpu.get()})
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        ASSERT_EQ(execution->inputs()[i].bytes, inputs[i].size() * sizeof(float));
        std::memcpy(execution->inputs()[i].data, inputs[i].data(), execution->inputs()[i].bytes);
      }
    ASSERT_TRUE(pair.host->run());
    const auto expected = pair.host_answer->run(pair.host->outputs(), pictures, {});
    const auto run = pair.gpu->run({.pictures = pictures});
    ASSERT_EQ(static_cast<bool>(run), static_cast<bool>(expected)) << (run ? expected.error() : run.error()).message;
    if (!expected) {
      EXPECT_EQ(run.error().message, expected.error().message);
      return;
    }
    const RawAnswers got = pair.gpu->answers();
    expect_rows(got, *expected);
    expect_boxes(got, *expected);
    expect_masks(got, *expected);
    answered_ = {expected->rows.size(), 0};
    for (const auto& boxes : expected->boxes) answered_[1] += boxes.size();
  }

  // Opens, runs once.
  void expect_alike(const FloatNetwork& net, std::vector<Shape> shapes, const AnswerEnd& end,
                    const std::vector<Numbers>& inputs, std::span<const PictureCall> pictures = {}) {
    Pair pair;
    open(net.network, net.parameters, std::move(shapes), end, Precision::f32, pair);
    if (HasFatalFailure()) return;
    expect_alike(pair, inputs, pictures);
  }

  std::array<std::size_t, 2> answered_{};  // pictures of rows, boxes in all

 private:
  static void expect_rows(const RawAnswers& got, const RawAnswers& expected) {
    ASSERT_EQ(got.rows.size(), expected.rows.size());
    for (std::size_t picture = 0; picture < got.rows.size(); ++picture) {
      ASSERT_EQ(got.rows[picture].size(), expected.rows[picture].size());
      for (std::size_t i = 0; i < got.rows[picture].size(); ++i) {
        const ScoredRow &a = got.rows[picture][i], &b = expected.rows[picture][i];
        ASSERT_EQ(a.row, b.row) << "place " << i << " of picture " << picture;
        ASSERT_TRUE(a.score == b.score || std::abs(a.score - b.score) <= kScore * std::max(1.0f, std::abs(b.score)))
            << a.score << " for " << b.score;
      }
    }
  }

  // Masks are equal to the last bit, probabilities but for the exponentials of another library.
  static void expect_masks(const RawAnswers& got, const RawAnswers& expected) {
    ASSERT_EQ(got.masks.size(), expected.masks.size());
    for (std::size_t picture = 0; picture < got.masks.size(); ++picture) {
      const RawMask &a = got.masks[picture], &b = expected.masks[picture];
      ASSERT_EQ(a.classes.size(), b.classes.size()) << "picture " << picture;
      std::size_t different = 0;
      for (std::size_t i = 0; i < a.classes.size(); ++i) different += a.classes[i] != b.classes[i] ? 1 : 0;
      EXPECT_EQ(different, 0u) << "of " << a.classes.size() << " pixels of picture " << picture;
      ASSERT_EQ(a.probabilities.size(), b.probabilities.size()) << "picture " << picture;
      for (std::size_t i = 0; i < a.probabilities.size(); ++i) {
        const float x = a.probabilities[i], y = b.probabilities[i];
        ASSERT_TRUE(x == y || std::abs(x - y) <= kScore || (std::isnan(x) && std::isnan(y)))
            << x << " for " << y << " at " << i << " of picture " << picture;
      }
    }
  }

  static void expect_boxes(const RawAnswers& got, const RawAnswers& expected) {
    ASSERT_EQ(got.boxes.size(), expected.boxes.size());
    for (std::size_t picture = 0; picture < got.boxes.size(); ++picture) {
      ASSERT_EQ(got.boxes[picture].size(), expected.boxes[picture].size()) << "picture " << picture;
      for (std::size_t i = 0; i < got.boxes[picture].size(); ++i) {
        const RawDetection &a = got.boxes[picture][i], &b = expected.boxes[picture][i];
        ASSERT_EQ(a.anchor, b.anchor) << "place " << i << " of picture " << picture;
        ASSERT_EQ(a.class_index, b.class_index) << "place " << i << " of picture " << picture;
        ASSERT_NEAR(a.score, b.score, kScore);
        const float size = std::max({1.0f, std::abs(b.top), std::abs(b.left), std::abs(b.bottom), std::abs(b.right)});
        for (const auto& [x, y] : {std::pair(a.top, b.top), std::pair(a.left, b.left), std::pair(a.bottom, b.bottom),
                                   std::pair(a.right, b.right)})
          ASSERT_NEAR(x, y, kScore * size);
      }
    }
  }
};

constexpr ScoreFunction kFunctions[] = {ScoreFunction::identity, ScoreFunction::sigmoid, ScoreFunction::softmax};

TEST_F(CudaAnswers, TopClasses) {
  const FloatNetwork net = passing_on(1);
  for (const ScoreFunction function : kFunctions)
    for (const int classes : {1, 2, 5, 33, 256, 1001, 20000})
      for (const int batch : {1, 2, 7})
        for (const int top : {1, 5, 100})
          for (const float step : {0.0f, 0.5f}) {
            SCOPED_TRACE(::testing::Message() << classes << " classes, the best " << top << ", batch " << batch
                                              << ", function " << static_cast<int>(function) << ", steps of " << step);
            TopKEnd end{net.network.outputs[0], classes, function, {}, top};
            expect_alike(net, {Shape{batch, classes}}, end, {random_numbers(batch * classes, 3, -9, 9, step)});
          }
}

TEST_F(CudaAnswers, TopClassesOfSomeRows) {
  const FloatNetwork net = passing_on(1);
  for (const float step : {0.0f, 1.0f}) {
    TopKEnd end{net.network.outputs[0], 1001, ScoreFunction::softmax, {}, 9};
    for (int row = 3; row < 1001; row += 7) end.rows.push_back(row);
    expect_alike(net, {Shape{2, 1, 1, 1001}}, end, {random_numbers(2002, 4, -9, 9, step)});
    end.rows = {17, 1000};
    expect_alike(net, {Shape{2, 1, 1, 1001}}, end, {random_numbers(2002, 5, -9, 9, step)});
  }
}

TEST_F(CudaAnswers, OneProbabilityWithTwoNames) {
  const FloatNetwork net = passing_on(1);
  for (const ScoreFunction function : {ScoreFunction::identity, ScoreFunction::sigmoid})
    for (const int top : {1, 2, 5}) {
      TopKEnd end{net.network.outputs[0], 2, function, {}, top};
      expect_alike(net, {Shape{4, 1}}, end, {{0.25f, 0.5f, 0.75f, 0.0f}});
      end.rows = {1};
      expect_alike(net, {Shape{4, 1}}, end, {{0.25f, 0.5f, 0.75f, 0.0f}});
    }
}

TEST_F(CudaAnswers, WhatIsNoNumberIsASentence) {
  const FloatNetwork net = passing_on(1);
  for (const ScoreFunction function : kFunctions)
    for (const float special : {kNaN, kInfinity, -kInfinity})
      for (const int batch : {1, 3}) {
        SCOPED_TRACE(::testing::Message() << special << " through function " << static_cast<int>(function));
        Numbers numbers = random_numbers(batch * 100, 6, -3, 3);
        numbers[numbers.size() - 40] = special;
        Pair pair;
        open(net.network, net.parameters, {Shape{batch, 100}}, TopKEnd{net.network.outputs[0], 100, function, {}, 5},
             Precision::f32, pair);
        expect_alike(pair, {numbers}, {});
        numbers[numbers.size() - 40] = 0;
        expect_alike(pair, {numbers}, {});
        EXPECT_EQ(answered_[0], static_cast<std::size_t>(batch)) << "the execution lives on";
      }
}

std::vector<AnchorBox> random_anchors(int count) {
  const Numbers numbers = random_numbers(4 * count, 8, 0, 1);
  std::vector<AnchorBox> anchors;
  for (std::size_t i = 0; i < numbers.size(); i += 4)
    anchors.push_back({numbers[i], numbers[i + 1], 0.05f + 0.3f * numbers[i + 2], 0.05f + 0.3f * numbers[i + 3]});
  return anchors;
}

struct BoxesCase {
  const char* what;
  int anchors, classes;
  bool background;
  SuppressionSpec suppression;
  float step;       // of scores
  int every_class;  // that is wanted; 1: all
  std::size_t most;
};

SuppressionSpec suppression(SuppressionRule rule, float iou, float score, int most, int of_class = 100) {
  SuppressionSpec spec;
  spec.rule = rule;
  spec.iou_threshold = iou, spec.score_threshold = score;
  spec.max_detections = most, spec.max_per_class = of_class;
  return spec;
}
constexpr auto kFast = SuppressionRule::fast, kPerClass = SuppressionRule::per_class;

const BoxesCase kBoxes[] = {
    {"one anchor", 1, 1, true, suppression(kFast, 0.5f, 0.1f, 10), 0, 1, 10},
    {"fast", 37, 5, true, suppression(kFast, 0.5f, 0.3f, 12), 0, 1, 12},
    {"ties", 200, 5, true, suppression(kFast, 0.5f, 0.1f, 100), 1, 1, 100},
    {"all candidates", 1917, 90, true, suppression(kFast, 0.6f, 1e-8f, 100), 0, 1, 100},
    {"no background", 1917, 90, false, suppression(kFast, 0.6f, 0.3f, 100), 0, 1, 20},
    {"some classes", 700, 20, true, suppression(kFast, 0.3f, 0.2f, 50), 0.25f, 3, 50},
    {"none asked for", 64, 3, true, suppression(kFast, 0.3f, 0.2f, 50), 0, 1, 0},
    {"nothing reaches the threshold", 64, 3, true, suppression(kFast, 0.3f, 2, 50), 0, 1, 50},
    {"few candidates of many anchors", 7000, 3, true, suppression(kFast, 0.5f, 0.95f, 40), 0, 1, 40},
    {"more candidates than threads hold", 40000, 2, true, suppression(kFast, 0.5f, 0.1f, 40), 0, 1, 40},
    {"per class", 37, 5, true, suppression(kPerClass, 0.5f, 0.3f, 12, 4), 0, 1, 12},
    {"per class, ties", 200, 5, true, suppression(kPerClass, 0.5f, 0.1f, 60, 30), 1, 1, 60},
    {"per class, as SSD", 1917, 90, true, suppression(kPerClass, 0.6f, 0.01f, 100), 0, 1, 100},
    {"per class, some classes", 1917, 90, false, suppression(kPerClass, 0.45f, 0.3f, 200), 0.25f, 4, 150},
    {"per class, many anchors", 5000, 3, true, suppression(kPerClass, 0.5f, 0.3f, 40), 0, 1, 40},
    {"per class, more classes than threads", 30, 700, true, suppression(kPerClass, 0.45f, 0.01f, 300, 3), 0, 1, 300},
};

TEST_F(CudaAnswers, Boxes) {
  const FloatNetwork net = passing_on(2);
  std::size_t boxes = 0;
  for (const BoxesCase& c : kBoxes)
    for (const ScoreFunction function : kFunctions)
      for (const int batch : {1, 2, 7}) {
        if (c.anchors > 10000 && batch > 2) continue;
        SCOPED_TRACE(::testing::Message()
                     << c.what << ", batch " << batch << ", function " << static_cast<int>(function));
        const int columns = c.classes + (c.background ? 1 : 0);
        BoxesEnd end;
        end.boxes = net.network.outputs[0], end.scores = net.network.outputs[1];
        end.detection.classes = c.classes;
        end.detection.background_column = c.background;
        end.detection.score_function = function;
        end.detection.suppression = c.suppression;
        end.anchors = random_anchors(c.anchors);
        if (c.every_class > 1)
          for (int i = 0; i < c.classes; ++i) end.wanted.push_back(i % c.every_class == 0);
        end.most = c.most;
        const float low = function == ScoreFunction::identity ? 0.0f : -6.0f;
        const float high = function == ScoreFunction::identity ? 1.0f : 6.0f;
        const float step = function == ScoreFunction::identity ? c.step / 8 : c.step;
        expect_alike(net, {Shape{batch, c.anchors, 4}, Shape{batch, c.anchors, columns}}, end,
                     {random_numbers(std::int64_t{4} * batch * c.anchors, 9, -3, 3),
                      random_numbers(std::int64_t{batch} * c.anchors * columns, 10, low, high, step)});
        boxes += answered_[1];
        if (HasFatalFailure()) return;
      }
  EXPECT_GT(boxes, 1000u);
}

TEST_F(CudaAnswers, BoxesOfClassesWithThresholds) {
  const FloatNetwork net = passing_on(2);
  for (const SuppressionRule rule : {kFast, kPerClass}) {
    BoxesEnd end;
    end.boxes = net.network.outputs[0], end.scores = net.network.outputs[1];
    end.detection.classes = 4;
    end.detection.score_function = ScoreFunction::sigmoid;
    end.detection.suppression = suppression(rule, 0.5f, 0.3f, 40);
    end.detection.suppression.class_thresholds = {0.1f, 0.5f, 0.9f, 2.0f};
    end.anchors = random_anchors(150);
    end.most = 40;
    expect_alike(net, {Shape{2, 150, 4}, Shape{2, 150, 5}}, end,
                 {random_numbers(1200, 11, -3, 3), random_numbers(1500, 12, -4, 4)});
    EXPECT_GT(answered_[1], 0u);
  }
}

TEST_F(CudaAnswers, BoxesThatAreNoNumbers) {
  const FloatNetwork net = passing_on(2);
  for (const SuppressionRule rule : {kFast, kPerClass})
    for (const ScoreFunction function : kFunctions) {
      BoxesEnd end;
      end.boxes = net.network.outputs[0], end.scores = net.network.outputs[1];
      end.detection.classes = 4;
      end.detection.score_function = function;
      end.detection.suppression = suppression(rule, 0.5f, 0.01f, 40);
      end.anchors = random_anchors(150);
      end.most = 40;
      Pair pair;
      open(net.network, net.parameters, {Shape{3, 150, 4}, Shape{3, 150, 5}}, end, Precision::f32, pair);
      for (const float special : {kNaN, kInfinity, -kInfinity, 1e30f, 0.0f})
        for (const bool in_boxes : {true, false}) {
          SCOPED_TRACE(::testing::Message() << special << (in_boxes ? " in a box" : " in a score") << ", function "
                                            << static_cast<int>(function));
          Numbers boxes = random_numbers(1800, 13, -3, 3), scores = random_numbers(2250, 14, 0, 1);
          (in_boxes ? boxes : scores)[in_boxes ? 900 : 1000] = special;
          expect_alike(pair, {boxes, scores}, {});
        }
    }
}

// The network's input on a picture: all of it, a crop of its middle, or all of it between bars.
AxisGeometry axis(int how, int pixels, int input) {
  if (how == 0) return {0, pixels, input, 0, input, 0};
  if (how == 1) return {pixels / 8, pixels - pixels / 4, input + 7, 3, input, 0};
  return {0, pixels, input - 6, 0, input - 6, 3};
}

// A picture whose pixels nobody looks at.
ImageView size_of_picture(int width, int height) {
  ImageView picture;
  picture.width = width, picture.height = height;
  return picture;
}

TEST_F(CudaAnswers, Masks) {
  const FloatNetwork net = passing_on(1);
  constexpr std::array<std::array<int, 2>, 7> kPictures{
      {{513, 513}, {1, 1}, {61, 40}, {333, 77}, {1920, 1080}, {3, 700}, {640, 480}}};
  for (const int channels : {1, 2, 21, 33})
    for (const Enlargement enlargement :
         {Enlargement::align_corners, Enlargement::half_pixel_centers, Enlargement::top_left})
      for (const ScoreFunction function : {ScoreFunction::softmax, ScoreFunction::sigmoid, ScoreFunction::identity}) {
        if (function != ScoreFunction::softmax && channels > 2) continue;
        MaskEnd end{net.network.outputs[0], {std::max(channels, 2), enlargement, function}, false};
        Pair pair;
        // The input is the logits, so that the mask is of an input of 33 x 65 pixels.
        open(net.network, net.parameters, {Shape{1, 33, 65, channels}}, end, Precision::f32, pair);
        for (const float step : {0.0f, 1.0f})
          for (const auto& [width, height] : kPictures) {
            SCOPED_TRACE(::testing::Message() << width << "x" << height << ", " << channels << " channels, enlargement "
                                              << static_cast<int>(enlargement) << ", steps of " << step);
            const int how = width % 3;
            const std::vector<PictureCall> pictures{
                {size_of_picture(width, height), {axis(how, width, 65), axis(how, height, 33)}}};
            const bool whole = function == ScoreFunction::identity && channels == 1;
            expect_alike(pair,
                         {random_numbers(33 * 65 * channels, 15, whole ? 0.0f : -5.0f, whole ? 1.0f : 5.0f, step)},
                         pictures);
          }
      }
}

// Of the sizes in turn, each seen in another way than the one before.
std::vector<PictureCall> pictures_of(std::span<const std::array<int, 2>> sizes, int count, int input_height,
                                     int input_width) {
  std::vector<PictureCall> pictures;
  for (int i = 0; i < count; ++i) {
    const auto [width, height] = sizes[static_cast<std::size_t>(i) % sizes.size()];
    pictures.push_back(
        {size_of_picture(width, height), {axis(i % 3, width, input_width), axis((i + 1) % 3, height, input_height)}});
  }
  return pictures;
}

// More pictures than a warp has lanes, too, large ones between small ones, and with other sizes in the next run.
TEST_F(CudaAnswers, MasksOfBatches) {
  const FloatNetwork net = passing_on(1);
  constexpr std::array<std::array<int, 2>, 7> kSizes{
      {{129, 1}, {640, 481}, {1, 1}, {127, 64}, {1, 300}, {128, 3}, {257, 130}}};
  for (const int channels : {1, 2, 21})
    for (const bool probabilities : {false, true})
      for (const int batch : {2, 7, 33, 65}) {
        SCOPED_TRACE(::testing::Message()
                     << channels << " channels, batch " << batch << (probabilities ? " with probabilities" : ""));
        MaskEnd end{net.network.outputs[0],
                    {std::max(channels, 2), Enlargement::half_pixel_centers, ScoreFunction::sigmoid},
                    probabilities};
        Pair pair;
        open(net.network, net.parameters, {Shape{batch, 9, 13, channels}}, end, Precision::f32, pair);
        if (HasFatalFailure()) return;
        const Numbers numbers = random_numbers(std::int64_t{9} * 13 * batch * channels, 17, -5, 5);
        for (const std::size_t first : {0u, 3u})
          expect_alike(pair, {numbers}, pictures_of(std::span(kSizes).subspan(first), batch, 9, 13));
      }
}

TEST_F(CudaAnswers, Probabilities) {
  const FloatNetwork net = passing_on(1);
  constexpr std::array<std::array<int, 2>, 4> kSizes{{{333, 77}, {1, 1}, {512, 40}, {31, 130}}};
  for (const int channels : {1, 2, 3, 21, 256})
    for (const ScoreFunction function : kFunctions) {
      SCOPED_TRACE(::testing::Message() << channels << " channels, function " << static_cast<int>(function));
      MaskEnd end{net.network.outputs[0], {std::max(channels, 2), Enlargement::align_corners, function}, true};
      Pair pair;
      open(net.network, net.parameters, {Shape{4, 17, 33, channels}}, end, Precision::f32, pair);
      if (HasFatalFailure()) return;
      const bool whole = function == ScoreFunction::identity;
      for (const float step : {0.0f, 0.25f})
        expect_alike(
            pair,
            {random_numbers(std::int64_t{4} * 17 * 33 * channels, 18, whole ? 0.0f : -9.0f, whole ? 1.0f : 9.0f, step)},
            pictures_of(kSizes, 4, 17, 33));
    }
}

TEST_F(CudaAnswers, MasksOfNoNumbers) {
  const FloatNetwork net = passing_on(1);
  constexpr std::array<std::array<int, 2>, 2> kSizes{{{50, 30}, {7, 90}}};
  for (const bool probabilities : {false, true})
    for (const int batch : {1, 3}) {
      Pair pair;
      open(net.network, net.parameters, {Shape{batch, 9, 9, 3}},
           MaskEnd{net.network.outputs[0], {3, Enlargement::align_corners, ScoreFunction::softmax}, probabilities},
           Precision::f32, pair);
      if (HasFatalFailure()) return;
      const std::vector<PictureCall> pictures = pictures_of(kSizes, batch, 9, 9);
      for (const float special : {kNaN, 1.0f, kInfinity, -kInfinity}) {
        SCOPED_TRACE(::testing::Message() << special << " in a batch of " << batch);
        Numbers numbers = random_numbers(std::int64_t{243} * batch, 16, -5, 5);
        numbers[numbers.size() - 43] = special;
        expect_alike(pair, {numbers}, pictures);
      }
      EXPECT_FALSE(pair.gpu->run()) << "of no picture";
    }
}

TEST_F(CudaAnswers, WhatIsLeftToTheHost) {
  const FloatNetwork net = passing_on(2);
  const TensorId tensor = net.network.outputs[0];
  const auto claims = [&](const AnswerEnd& end) { return gpu().claims(net.network, {std::nullopt, end}).answer; };
  EXPECT_FALSE(claims({}));
  EXPECT_TRUE(claims(TopKEnd{tensor, 1000, ScoreFunction::identity, {}, 5}));
  EXPECT_FALSE(claims(TopKEnd{tensor, 1000, ScoreFunction::identity, {}, 1000})) << "a whole order of classes";
  EXPECT_TRUE(claims(MaskEnd{tensor, {3, Enlargement::top_left, ScoreFunction::softmax}, true}));
  BoxesEnd end;
  end.boxes = net.network.outputs[0], end.scores = net.network.outputs[1];
  EXPECT_TRUE(claims(end));
  end.detection.suppression.max_classes_per_anchor = 2;
  EXPECT_FALSE(claims(end));
}

struct NetworkCase {
  const char* architecture;
  int height, width;
};

// Whole networks, in floats and in halves, whose numbers the host gets in a program of its own.
TEST_F(CudaAnswers, OfNetworks) {
  for (const NetworkCase& c :
       {NetworkCase{"mobilenet_v1:0.25:64:10", 64, 64}, NetworkCase{"mobilenet_v2:0.35:96:1001", 97, 75},
        NetworkCase{"ssd_mobilenet_v1:0.25:128:5", 128, 128}, NetworkCase{"ssdlite_mobilenet_v2:0.35:96:5", 96, 96},
        NetworkCase{"deeplab_mobilenet_v2:0.35:65:4", 65, 65}, NetworkCase{"deeplab_mobilenet_v2:0.5:129:21", 97, 129}})
    for (const Precision precision : {Precision::f32, Precision::f16})
      for (const int batch : {1, 2, 7}) {
        SCOPED_TRACE(::testing::Message()
                     << c.architecture << " on " << c.height << "x" << c.width << ", batch " << batch);
        const ModelSpec spec = spec_from_name(c.architecture).value();
        const RandomWeights weights = random_weights(spec);
        const Network network = build_network(spec, weights.parameters, weights.index).value();
        const std::vector<Shape> shapes{Shape{batch, c.height, c.width, 3}};
        std::vector<PictureCall> pictures(static_cast<std::size_t>(batch));
        AnswerEnd answer = TopKEnd{network.outputs[0], 10, ScoreFunction::softmax, {}, 5};
        if (spec.detection.classes > 0) {
          BoxesEnd end;
          end.boxes = network.boxes, end.scores = network.scores;
          end.detection = spec.detection;
          end.detection.suppression.score_threshold = 0.01f;
          end.anchors =
              network_anchors(spec.detection, network, infer_shapes(network, weights.parameters, shapes).value());
          end.most = 50;
          answer = end;
        } else if (spec.segmentation.classes > 0) {
          constexpr std::array<std::array<int, 2>, 2> kSizes{{{211, 134}, {90, 300}}};
          answer = MaskEnd{network.mask_logits, spec.segmentation, batch == 2};
          pictures = pictures_of(kSizes, batch, c.height, c.width);
        } else {
          const std::vector<Shape> all = infer_shapes(network, weights.parameters, shapes).value();
          std::get<TopKEnd>(answer).classes = static_cast<int>(shape_of(all, network.outputs[0]).elements() / batch);
        }
        Pair pair;
        open(network, weights.parameters, shapes, answer, precision, pair);
        if (HasFatalFailure()) return;
        answered_ = {};
        for (const unsigned seed : {21u, 22u})
          expect_alike(pair, {random_numbers(shapes[0].elements(), seed, -1, 1)}, pictures);
        if (spec.detection.classes > 0) {
          EXPECT_GT(answered_[1], 0u);
        }
      }
}

}  // namespace
}  // namespace testing
}  // namespace mobilenet
