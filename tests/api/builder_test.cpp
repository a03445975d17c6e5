// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "support/devices.h"
#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

std::vector<float> ramp(std::size_t count, float scale) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = scale * static_cast<float>(static_cast<int>(i * 7 % 23) - 11);
  return values;
}

// input 4x4x2 -> pointwise to 1 channel with known numbers.
TEST(NetworkBuilder, ComputesWhatWasBuilt) {
  for (const Device device : every_device()) {
    NetworkBuilder net;
    const Value input = net.input(2, 2, 2);
    const std::vector<float> weight{1, 10}, bias{0.5f};
    net.output(net.pointwise(
        input, {.weight = weight, .outputs = 1, .bias = bias, .activation = Activation::relu, .name = "mix"}));
    const Model model = net.build().value();
    Session session = model.session({.device = device}).value();
    const std::vector<float> values{1, 2, -100, 0, 0, 0, 3, 4};
    const std::int64_t shape[] = {1, 2, 2, 2};
    const TensorView view{"input", DataType::f32, shape, values.data(), values.size() * sizeof(float), 0, 0};
    const TensorView output = session.run({&view, 1}).value()[0];
    EXPECT_EQ(output.name, "mix");
    EXPECT_EQ(std::vector<float>(output.as<float>().begin(), output.as<float>().end()),
              (std::vector<float>{21.5f, 0, 0.5f, 43.5f}));
  }
}

// Every kind of layer once; both backends must agree on the result.
TEST(NetworkBuilder, AHeadOfEveryLayerOnABackbone) {
  const Model backbone = Model::random("mobilenet_v2:0.35:64:5").value();
  NetworkBuilder net(backbone);
  const Value map = net.layer("block13/output");
  const auto widths = backbone.info().layers;
  std::int64_t channels = 0;
  for (const LayerInfo& layer : widths)
    if (layer.name == "block13/output") channels = layer.shape.back();
  const auto c = static_cast<std::size_t>(channels);
  const auto w3 = ramp(8 * 9 * c, 0.01f), dw = ramp(9 * 8, 0.05f), pw = ramp(8 * 8, 0.05f), fc = ramp(3 * 24, 0.02f),
             b = ramp(8, 0.1f);
  const Value conv = net.convolution(map, {.weight = w3,
                                           .outputs = 8,
                                           .bias = b,
                                           .kernel = 3,
                                           .padding = PaddingRule::symmetric,
                                           .activation = Activation::hard_swish,
                                           .name = "head/conv"});
  const Value depth = net.depthwise(conv, {.weight = dw, .kernel = 3, .dilation = 2, .activation = Activation::relu6});
  const Value point = net.pointwise(depth, {.weight = pw, .outputs = 8});
  const Value sum = net.add(conv, point, Activation::relu);
  const Value small = net.average_pool(sum, {.kernel = 2, .stride = 2});
  const Value large = net.resize_bilinear(small, 4, 4, Enlargement::align_corners);
  const Value biggest = net.max_pool(sum, {.kernel = 3, .stride = 1, .padding = PaddingRule::same});
  const Value parts[] = {large, biggest, sum};
  const Value joined = net.activation(net.concat(parts), Activation::sigmoid);
  const Value scores = net.dense(net.global_average_pool(joined), {.weight = fc, .outputs = 3, .name = "scores"});
  net.output(net.softmax(scores), "answer");
  net.labels({"left", "right", "none"});
  const Model model = net.build().value();
  EXPECT_EQ(model.info().classes, 3);
  const TestPicture picture(80, 60);
  std::vector<std::vector<float>> results;
  for (const Device device : every_device()) {
    Session session = model.session({.device = device, .layers = {"head/conv", "scores", "stem"}}).value();
    const auto classes = session.classify(picture.view()).value();
    EXPECT_TRUE(classes[0].label == "left" || classes[0].label == "right" || classes[0].label == "none");
    const ImageView view = picture.view();
    results.emplace_back();
    for (const TensorView& feature : session.features({&view, 1}).value())
      results.back().insert(results.back().end(), feature.as<float>().begin(), feature.as<float>().end());
  }
  ASSERT_EQ(results[0].size(), results[1].size());
  for (std::size_t i = 0; i < results[0].size(); ++i) ASSERT_NEAR(results[0][i], results[1][i], 1e-3) << i;
}

TEST(NetworkBuilder, TheFirstErrorIsReportedByBuild) {
  const std::vector<float> weight(10);
  {
    NetworkBuilder net(Model::random("mobilenet_v1:0.25:32:7").value());
    net.output(net.dense(net.layer("nowhere"), {.weight = weight, .outputs = 2}));
    const auto model = net.build();
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("no layer or tensor nowhere"), std::string::npos);
  }
  {
    NetworkBuilder net;
    net.output(net.pointwise(net.input(2, 2, 3), {.weight = weight, .outputs = 4, .name = "mix"}));
    const auto model = net.build();
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().message, "mix: weight has 10 numbers, expected 4x1x1x3");
  }
  {
    NetworkBuilder net;
    net.input(4, 4, 3);
    EXPECT_FALSE(net.build()) << "no output";
  }
  {
    // 2^20 * 2^12 * 2^12 * 2^20 numbers are none in 64 bits, as many as were given.
    NetworkBuilder net;
    net.output(net.convolution(net.input(1, 1, 1 << 20), {.weight = {}, .outputs = 1 << 20, .kernel = 1 << 12}));
    EXPECT_FALSE(net.build());
    EXPECT_FALSE(NetworkBuilder().input(1 << 30, 1 << 30, 1 << 30).id >= 0);
  }
  {
    NetworkBuilder net;
    const Value a = net.input(4, 4, 3);
    net.output(net.add(a, net.average_pool(a, {})));
    const auto model = net.build();
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("1x4x4x3 and 1x2x2x3"), std::string::npos) << model.error().message;
  }
  {
    NetworkBuilder net;
    net.output(net.average_pool(net.input(4, 4, 3), {.kernel = 0}));
    EXPECT_FALSE(net.build());
    EXPECT_FALSE(NetworkBuilder().append(Model::random("mobilenet_v1:0.25:32:7").value(), Value{12}).size());
  }
}

TEST(NetworkBuilder, JoinsTwoModels) {
  const Model backbone = Model::random("mobilenet_v1:0.25:32:7").value();
  const auto weight = ramp(4 * 7, 0.1f);
  NetworkBuilder head;
  head.output(head.dense(head.input(1, 1, 7), {.weight = weight, .outputs = 4}));
  NetworkBuilder wrong(backbone);
  EXPECT_TRUE(wrong.append(head.build().value(), wrong.layer("stem")).empty());
  const auto model = wrong.build();
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("does not fit"), std::string::npos) << model.error().message;
}

// A backbone with two maps of predictions on it. The biases keep classes and anchors of a cell apart.
constexpr int kEveryBox = 1000;

struct DetectorParts {
  explicit DetectorParts(int columns) {
    const std::pair<const char*, std::size_t> taps[] = {{"block14/expand", 3}, {"last", 2}};
    for (const auto& [name, anchors] : taps) {
      std::size_t channels = 0;
      for (const LayerInfo& layer : backbone.info().layers)
        if (layer.name == name) channels = static_cast<std::size_t>(layer.shape.back());
      const auto predict = [&, tap = name, count = anchors](int numbers) {
        const std::size_t outputs = count * static_cast<std::size_t>(numbers);
        const auto weight = ramp(outputs * channels, 0.001f), bias = ramp(outputs, 0.05f);
        return net.pointwise(net.layer(tap), {.weight = weight, .outputs = static_cast<int>(outputs), .bias = bias});
      };
      const Value boxes = predict(4);
      options.maps.push_back({boxes, predict(columns)});
    }
    options.anchors = {{{0.1f, 0.1f}, {0.2f, 0.3f}, {0.3f, 0.2f}}, {{0.5f, 0.5f}, {0.9f, 0.9f}}};
    options.classes = 3;
    options.suppression.max_detections = options.suppression.max_per_class = kEveryBox;
  }

  Model backbone = Model::random("mobilenet_v2:0.35:64:5").value();
  NetworkBuilder net{backbone};
  DetectorOptions options;
};

// Float sums in another order move a box of a small picture by far less than a hundredth of a pixel.
constexpr float kPixels = 1e-2f;
constexpr float kScores = 1e-4f;

struct DetectorCase {
  const char* name;
  ScoreFunction score_function;
  bool background_column;
  SuppressionRule rule;
};

constexpr DetectorCase kDetectors[] = {
    {"sigmoid, fast", ScoreFunction::sigmoid, true, SuppressionRule::fast},
    {"sigmoid without background, per class", ScoreFunction::sigmoid, false, SuppressionRule::per_class},
    {"softmax, per class", ScoreFunction::softmax, true, SuppressionRule::per_class},
};

TEST(NetworkBuilder, ADetectorOnABackbone) {
  for (const DetectorCase& c : kDetectors) {
    SCOPED_TRACE(c.name);
    DetectorParts parts(c.background_column ? 4 : 3);
    parts.options.score_function = c.score_function;
    parts.options.background_column = c.background_column;
    parts.options.suppression.rule = c.rule;
    parts.options.suppression.iou_threshold = 1;  // no ties between boxes that suppress one another
    parts.net.detector(parts.options);
    parts.net.labels({"cup", "plate", "spoon"});
    const Model model = parts.net.build().value();
    EXPECT_EQ(model.info().task, Task::detect);
    EXPECT_EQ(model.info().classes, 3);
    ASSERT_EQ(model.info().outputs.size(), 2U);
    // 4x4 cells of three anchors, 2x2 of two.
    EXPECT_EQ(model.info().outputs[0].shape, (std::vector<std::int64_t>{1, 56, 4}));
    EXPECT_EQ(model.info().outputs[1].shape, (std::vector<std::int64_t>{1, 56, c.background_column ? 4 : 3}));

    // Twice the input size: other maps, other anchors. And a batch.
    for (const int size : {64, 128}) {
      const TestPicture wide(80, 60), high(50, 90);
      const ImageView views[] = {wide.view(), high.view()};
      const SessionOptions options{.precision = Precision::source,
                                   .input_height = size,
                                   .input_width = size,
                                   .score_threshold = 0.1f,
                                   .max_detections = kEveryBox};
      Session session = model.session(options).value();
      SessionOptions plain = options;
      plain.device = Device::reference;
      Session reference = model.session(plain).value();
      const auto found = session.detect(views).value(), expected = reference.detect(views).value();
      for (std::size_t picture = 0; picture < 2; ++picture) {
        ASSERT_FALSE(expected[picture].empty());
        ASSERT_EQ(found[picture].size(), expected[picture].size());
        // Boxes of nearly equal scores may change places.
        for (const Detection& b : expected[picture]) {
          const auto equal = [&](const Detection& a) {
            return a.class_index == b.class_index && std::abs(a.score - b.score) <= kScores &&
                   std::abs(a.left - b.left) <= kPixels && std::abs(a.top - b.top) <= kPixels &&
                   std::abs(a.right - b.right) <= kPixels && std::abs(a.bottom - b.bottom) <= kPixels;
          };
          EXPECT_TRUE(std::any_of(found[picture].begin(), found[picture].end(), equal)) << b.label << ' ' << b.score;
          EXPECT_EQ(b.label, model.info().labels[static_cast<std::size_t>(b.class_index)]);
        }
      }
    }
  }
}

// Predictions of zero leave every anchor where it is: no backbone, one map of 2x2 cells.
TEST(NetworkBuilder, AnchorsLieAroundTheCells) {
  NetworkBuilder net;
  const Value input = net.input(2, 2, 3);
  const std::vector<float> boxes(4 * 3), scores(1 * 3), one{3};
  net.detector({.maps = {{net.pointwise(input, {.weight = boxes, .outputs = 4}),
                          net.pointwise(input, {.weight = scores, .outputs = 1, .bias = one})}},
                .anchors = {{{0.25f, 0.5f}}},
                .classes = 1,
                .background_column = false});
  Session session = net.build().value().session().value();
  const TestPicture picture(40, 80);
  const auto found = session.detect(picture.view()).value();
  ASSERT_EQ(found.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const float x = i % 2 == 0 ? 10 : 30, y = i / 2 == 0 ? 20 : 60;
    EXPECT_NEAR(found[i].score, 0.952574f, kScores);  // 1 / (1 + exp(-3))
    EXPECT_NEAR(found[i].left, x - 10, kPixels) << i;
    EXPECT_NEAR(found[i].right, x + 10, kPixels) << i;
    EXPECT_NEAR(found[i].top, y - 10, kPixels) << i;
    EXPECT_NEAR(found[i].bottom, y + 10, kPixels) << i;
  }
}

struct BadDetector {
  const char* name;
  void (*spoil)(DetectorParts& parts);
  const char* message;
};

constexpr BadDetector kBadDetectors[] = {
    {"an anchor too many",
     [](DetectorParts& p) {
       p.options.anchors[1].push_back({1, 1});
     },
     "detector map 1: boxes are 1x2x2x8, expected 3 anchors x 4 numbers at every cell"},
    {"a map without anchors", [](DetectorParts& p) { p.options.anchors.pop_back(); },
     "2 feature maps and anchors for 1"},
    {"TensorFlow's anchors, 3 and 6 a cell", [](DetectorParts& p) { p.options.anchors.clear(); },
     "detector map 1: boxes are 1x2x2x8, expected 6 anchors"},
    {"a class too many", [](DetectorParts& p) { ++p.options.classes; },
     "detector map 0: scores are 1x4x4x12, expected 3"},
    {"no classes", [](DetectorParts& p) { p.options.classes = 0; }, "a detector of 0 classes"},
    {"no maps", [](DetectorParts& p) { p.options.maps.clear(); }, "0 feature maps"},
    {"a flat anchor", [](DetectorParts& p) { p.options.anchors[0][2].width = 0; },
     "detector map 0: an anchor of 0.3x0 "},
    {"boxes and scores of two maps",
     [](DetectorParts& p) {
       p.options.anchors[1] = p.options.anchors[0];
       p.options.maps[1].boxes = p.options.maps[0].boxes;
       p.options.maps[1].scores = p.net.max_pool(p.options.maps[0].scores, {});
     },
     "detector map 1: boxes are 1x4x4x12 but scores are 1x2x2x12"},
    {"a Value of nobody", [](DetectorParts& p) { p.options.maps[0].scores = {}; }, "a Value does not belong"},
    {"an impossible IoU", [](DetectorParts& p) { p.options.suppression.iou_threshold = 2; }, "IoU threshold of 2"},
    {"thresholds for another number of classes",
     [](DetectorParts& p) { p.options.suppression.class_thresholds = {0.5f}; }, "1 class thresholds for 3 classes"},
    {"a box coder of zero", [](DetectorParts& p) { p.options.coder.y = 0; }, "box coder with scale 0"},
    {"labels of too many",
     [](DetectorParts& p) {
       p.net.labels({"a", "b", "c", "d"});
     },
     "has 4 labels, but the model has 3 classes"},
    {"a segmenter too", [](DetectorParts& p) { p.net.segmenter(p.net.layer("block14/output")); },
     "is a segmenter already"},
    {"two inputs", [](DetectorParts& p) { p.net.input(2, 2, 3, "more"); }, "has 2 inputs"},
};

TEST(NetworkBuilder, ImpossibleDetectorsAreRefused) {
  for (const BadDetector& bad : kBadDetectors) {
    SCOPED_TRACE(bad.name);
    DetectorParts parts(4);
    bad.spoil(parts);
    parts.net.detector(parts.options);
    const auto model = parts.net.build();
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find(bad.message), std::string::npos) << model.error().message;
  }
}

TEST(NetworkBuilder, ASegmenterOnABackbone) {
  const Model backbone = Model::random("mobilenet_v2:0.35:64:5").value();
  for (const Enlargement enlargement :
       {Enlargement::half_pixel_centers, Enlargement::align_corners, Enlargement::top_left}) {
    NetworkBuilder net(backbone);
    const Value map = net.layer("block6/output");
    std::size_t channels = 0;
    for (const LayerInfo& layer : backbone.info().layers)
      if (layer.name == "block6/output") channels = static_cast<std::size_t>(layer.shape.back());
    const auto weight = ramp(4 * channels, 0.1f);
    net.segmenter(net.pointwise(map, {.weight = weight, .outputs = 4, .name = "classes"}),
                  {.enlargement = enlargement});
    net.labels({"background", "sky", "road", "tree"});
    const Model model = net.build().value();
    EXPECT_EQ(model.info().task, Task::segment);
    EXPECT_EQ(model.info().outputs.at(0).name, "classes");
    const TestPicture picture(90, 70);
    std::vector<std::uint8_t> masks[2];
    for (const Device device : every_device()) {
      Session session = model.session({.device = device}).value();
      const Segmentation answer = session.segment(picture.view()).value();
      masks[device == Device::cpu ? 0 : 1].assign(answer.mask.begin(), answer.mask.end());
      ASSERT_EQ(answer.mask.size(), 90U * 70U);
      for (const SegmentClass& c : answer.classes)
        EXPECT_EQ(c.label, model.info().labels[static_cast<std::size_t>(c.index)]);
      EXPECT_GE(answer.classes.size(), 2U) << "a mask of one class shows little";
    }
    // Only pixels whose two best classes are equal up to rounding may differ.
    int different = 0;
    for (std::size_t i = 0; i < masks[0].size(); ++i) different += masks[0][i] != masks[1][i];
    EXPECT_LE(different, 6);
  }
}

TEST(NetworkBuilder, ImpossibleSegmentersAreRefused) {
  const Model backbone = Model::random("mobilenet_v2:0.35:64:5").value();
  const std::pair<const char*, const char*> cases[] = {{"logits", "logits are 1x5"}, {"last", "1x2x2x1280"}};
  for (const auto& [layer, message] : cases) {
    NetworkBuilder net(backbone);
    net.segmenter(net.layer(layer));
    const auto model = net.build();
    ASSERT_FALSE(model) << layer;
    EXPECT_NE(model.error().message.find(message), std::string::npos) << model.error().message;
  }
}

// A detector as backbone: its answers do not stay on what is built from its layers.
TEST(NetworkBuilder, AClassifierOnADetectorsBackbone) {
  NetworkBuilder net(Model::random("ssdlite_mobilenet_v2:0.35:96:3").value());
  const Value pooled = net.global_average_pool(net.layer("last"));
  const auto weight = ramp(2 * 448, 0.001f);  // 1280 x 0.35
  net.output(net.dense(pooled, {.weight = weight, .outputs = 2}));
  const auto model = net.build();
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->info().task, Task::classify);
  Session session = model->session().value();
  EXPECT_EQ(session.classify(TestPicture(50, 40).view()).value().size(), 2U);
}

}  // namespace
}  // namespace mobilenet::testing
