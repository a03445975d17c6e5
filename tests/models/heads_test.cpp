// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Detectors and segmenters: shapes, anchors, costs, names, and what is said about specs that make no network.

#include <gtest/gtest.h>

#include "models/anchors.h"
#include "models/built_network.h"
#include "models/models.h"
#include "network/cost.h"

namespace mobilenet {
namespace {

Built build(const std::string& name, std::int64_t batch = 1) { return build(spec_from_name(name).value(), batch); }

struct Expected {
  const char* name;
  double million_macs, million_parameters;  // as published, batch norm folded; 0: not checked
  std::vector<std::pair<std::string, Shape>> shapes;
};

const Expected kNetworks[] = {
    {"ssd_mobilenet_v1:1.0:300",
     1237.3,
     6.81,
     {{"pointwise11", {1, 19, 19, 512}},
      {"pointwise13", {1, 10, 10, 1024}},
      {"extra1/reduce", {1, 10, 10, 256}},
      {"extra1", {1, 5, 5, 512}},
      {"extra4", {1, 1, 1, 128}},
      {"head0/box", {1, 19, 19, 12}},
      {"head0/class", {1, 19, 19, 273}},
      {"head5/class", {1, 1, 1, 546}},
      {"raw_outputs/box_encodings", {1, 1917, 4}},
      {"raw_outputs/class_predictions", {1, 1917, 91}}}},
    {"ssd_mobilenet_v2:1.0:300",
     0,
     16.82,
     {{"block14/expand", {1, 19, 19, 576}},
      {"last", {1, 10, 10, 1280}},
      {"extra2", {1, 3, 3, 256}},
      {"raw_outputs/class_predictions", {1, 1917, 91}}}},
    {"ssd_mobilenet_v2:0.35:300:1",
     0,
     0,
     {{"stem", {1, 150, 150, 16}},
      {"block1/output", {1, 150, 150, 16}},
      {"last", {1, 10, 10, 448}},
      {"extra4/reduce", {1, 2, 2, 22}},
      {"raw_outputs/class_predictions", {1, 1917, 2}}}},
    {"ssdlite_mobilenet_v2:1.0:320",
     804.4,
     4.48,
     {{"head0/box/depthwise", {1, 20, 20, 576}},
      {"extra1/depthwise", {1, 5, 5, 256}},
      {"raw_outputs/box_encodings", {1, 2034, 4}},
      {"raw_outputs/class_predictions", {1, 2034, 91}}}},
    {"ssdlite_mobilenet_v2:1.0:300", 749.5, 4.48, {{"raw_outputs/box_encodings", {1, 1917, 4}}}},
    {"deeplab_mobilenet_v2:1.0:513",
     2740.7,
     2.10,
     {{"block17/output", {1, 33, 33, 320}},
      {"pool_branch", {1, 1, 1, 256}},
      {"aspp", {1, 33, 33, 256}},
      {"projection", {1, 33, 33, 256}},
      {"logits", {1, 33, 33, 21}}}},
    {"deeplab_v3plus_mobilenet_v2:1.0:513:19",
     0,
     0,
     {{"aspp3", {1, 33, 33, 256}},
      {"branches", {1, 33, 33, 1280}},
      {"low_level", {1, 129, 129, 48}},
      {"decoder", {1, 129, 129, 304}},
      {"decoder2", {1, 129, 129, 256}},
      {"logits", {1, 129, 129, 19}}}},
};

TEST(Heads, HaveThePublishedShapesAndCosts) {
  for (const Expected& expected : kNetworks) {
    SCOPED_TRACE(expected.name);
    const Built built = build(expected.name);
    for (const auto& [layer, shape] : expected.shapes)
      EXPECT_EQ(to_string(built.shape_of(layer)), to_string(shape)) << layer;
    const NetworkCost cost = cost_of(built.network, built.weights.parameters, built.shapes);
    if (expected.million_macs > 0) {
      EXPECT_NEAR(static_cast<double>(cost.macs) / 1e6, expected.million_macs, 0.5);
    }
    if (expected.million_parameters > 0) {
      EXPECT_NEAR(static_cast<double>(cost.parameters) / 1e6, expected.million_parameters, 0.01);
    }
  }
}

TEST(Heads, KeepPicturesOfABatchApart) {
  EXPECT_EQ(to_string(build("ssdlite_mobilenet_v2:0.35:96:3", 2).shape_of("raw_outputs/class_predictions")), "2x204x4");
  EXPECT_EQ(to_string(build("deeplab_v3plus_mobilenet_v2:0.35:65:3", 2).shape_of("logits")), "2x17x17x3");
}

TEST(Heads, HaveAnAnchorForEveryBoxAtAnySize) {
  for (const char* name : {"ssd_mobilenet_v1:1.0:300", "ssd_mobilenet_v2:0.5:224", "ssdlite_mobilenet_v2:1.0:321"}) {
    SCOPED_TRACE(name);
    const Built built = build(name);
    const auto anchors = network_anchors(built.spec.detection, built.network, built.shapes);
    EXPECT_EQ(static_cast<std::int64_t>(anchors.size()), built.shape(built.network.boxes)[1]);
    EXPECT_EQ(built.network.outputs, (std::vector{built.network.boxes, built.network.scores}));
  }
}

// A port that wrote down what SAME comes to at 300 x 300 pads as much at other sizes.
TEST(Heads, PaddingMayStayThatOfOneSize) {
  ModelSpec spec = spec_from_name("ssdlite_mobilenet_v2:0.35:512:4").value();
  spec.padding_size = 300;
  using Pads = std::vector<std::pair<int, int>>;
  Pads rows, columns;
  for (const Node& node : build(spec).network.nodes) {
    const auto add = [&](const Window& window) {
      EXPECT_EQ(window.padding.rule, Padding::Rule::explicit_) << node.name;
      if (window.stride_height != 2) return;
      rows.emplace_back(window.padding.top, window.padding.bottom);
      columns.emplace_back(window.padding.left, window.padding.right);
    };
    if (const auto* op = std::get_if<Conv2dOp>(&node.op)) add(op->window);
    if (const auto* op = std::get_if<DepthwiseConv2dOp>(&node.op)) add(op->window);
  }
  // 300, 150, 75, 38, 19, 10, 5, 3, 2: windows of an even side begin on it, those of an odd one before it.
  const Pads expected{{0, 2}, {0, 2}, {1, 1}, {0, 2}, {1, 1}, {0, 2}, {1, 1}, {1, 1}, {0, 2}};
  EXPECT_EQ(rows, expected);
  EXPECT_EQ(columns, expected);
}

TEST(Heads, SegmentersDilateWhatTheirStrideLeavesOut) {
  const Built built = build("deeplab_mobilenet_v2:1.0:513");
  EXPECT_EQ(built.spec.blocks[13].stride, 1);
  EXPECT_EQ(built.spec.blocks[13].dilation, 1);
  EXPECT_EQ(built.spec.blocks[14].dilation, 2);
  EXPECT_EQ(built.network.mask_logits, built.network.outputs.at(0));
  EXPECT_EQ(built.network.boxes, kNoTensor);
}

TEST(Heads, SegmentationHeadHasItsOwnEpsilonAndActivation) {
  const Built built = build("deeplab_mobilenet_v2:0.35:65");
  int norms = 0, activations = 0;
  for (const Node& node : built.network.nodes) {
    const bool head =
        node.name.starts_with("aspp") || node.name.starts_with("pool_branch") || node.name.starts_with("projection");
    if (const auto* norm = std::get_if<BatchNormOp>(&node.op)) {
      EXPECT_EQ(norm->epsilon, head ? 1e-5 : 1e-3) << node.name;
      norms += head;
    }
    if (const auto* op = std::get_if<ActivationOp>(&node.op)) {
      EXPECT_EQ(op->activation, head ? Activation::relu : Activation::relu6) << node.name;
      activations += head;
    }
  }
  EXPECT_EQ(norms, 3);
  EXPECT_EQ(activations, 3);
}

struct Mistake {
  const char* name;
  const char* architecture;
  void (*change)(ModelSpec&);
  const char* message;
};

const Mistake kMistakes[] = {
    {"a tap before the first block", "ssd_mobilenet_v2", [](ModelSpec& s) { s.detection_head.tap = 0; }, "of block 0"},
    {"a tap past the last block", "ssd_mobilenet_v2", [](ModelSpec& s) { s.detection_head.tap = 18; }, "of block 18"},
    {"no channels", "ssd_mobilenet_v1", [](ModelSpec& s) { s.detection_head.extras[1].reduced = 0; }, "0 channels"},
    {"SSDLite's predictors in SSD", "ssd_mobilenet_v2",
     [](ModelSpec& s) { s.detection_head.predictor = PredictorKind::separable; }, "SSDLite, and nothing else"},
    {"SSD's predictors in SSDLite", "ssdlite_mobilenet_v2",
     [](ModelSpec& s) { s.detection_head.predictor = PredictorKind::dense; }, "SSDLite, and nothing else"},
    {"too many maps", "ssd_mobilenet_v1", [](ModelSpec& s) { s.detection_head.extras.resize(17); }, "at most 16"},
    {"maps without anchors", "ssdlite_mobilenet_v2", [](ModelSpec& s) { s.detection.anchor_shapes.pop_back(); },
     "for 5 feature maps of 6"},
    {"no anchors in a cell", "ssdlite_mobilenet_v2", [](ModelSpec& s) { s.detection.anchor_shapes[2].clear(); },
     "head2: has 0 anchors"},
    {"an anchor without area", "ssdlite_mobilenet_v2", [](ModelSpec& s) { s.detection.anchor_shapes[0][1].width = 0; },
     "head0: has an anchor"},
    {"an anchor that is no number", "ssdlite_mobilenet_v2",
     [](ModelSpec& s) { s.detection.anchor_shapes[0][1].height = std::numeric_limits<float>::quiet_NaN(); },
     "head0: has an anchor"},
    {"no classes", "ssd_mobilenet_v2", [](ModelSpec& s) { s.detection.classes = 0; }, "0 classes to detect"},
    {"too many classes", "ssd_mobilenet_v2", [](ModelSpec& s) { s.detection.classes = 1 << 20; }, "classes to detect"},
    {"a classifier too", "ssd_mobilenet_v2", [](ModelSpec& s) { s.classes = 5; }, "beside its detector"},
    {"labels of another count", "ssd_mobilenet_v2", [](ModelSpec& s) { s.labels = {"a"}; }, "1 labels for 90"},
    {"one class", "deeplab_mobilenet_v2", [](ModelSpec& s) { s.segmentation.classes = 1; }, "1 classes to tell"},
    {"more classes than a byte", "deeplab_mobilenet_v2", [](ModelSpec& s) { s.segmentation.classes = 257; }, "257"},
    {"a decoder in v3", "deeplab_mobilenet_v2", [](ModelSpec& s) { s.segmentation_head.low_level = 3; }, "has not"},
    {"no decoder in v3+", "deeplab_v3plus_mobilenet_v2", [](ModelSpec& s) { s.segmentation_head.low_level = 0; },
     "joins block 0"},
    {"a rate of 0", "deeplab_v3plus_mobilenet_v2", [](ModelSpec& s) { s.segmentation_head.rates[0] = 0; }, "rate 0"},
    {"a head without channels", "deeplab_mobilenet_v2", [](ModelSpec& s) { s.segmentation_head.channels = 0; },
     "0 channels"},
    {"a detector in a classifier", "mobilenet_v2", [](ModelSpec& s) { s.detection.classes = 3; }, "is no detector"},
    {"a segmenter in a classifier", "mobilenet_v1", [](ModelSpec& s) { s.segmentation.classes = 3; },
     "is no segmenter"},
};

TEST(Heads, SaysWhichSpecMakesNoNetwork) {
  for (const Mistake& mistake : kMistakes) {
    SCOPED_TRACE(mistake.name);
    ModelSpec spec = spec_from_name(mistake.architecture).value();
    mistake.change(spec);
    const auto network = build_network(spec, {}, {});
    ASSERT_FALSE(network);
    EXPECT_NE(network.error().message.find(mistake.message), std::string::npos) << network.error().message;
  }
}

TEST(Heads, NamesFillInTheUsualSizesAndClasses) {
  EXPECT_EQ(spec_from_name("ssd_mobilenet_v1").value(), published_spec(Architecture::ssd_mobilenet_v1, 1, 300, 90));
  EXPECT_EQ(spec_from_name("ssdlite_mobilenet_v2").value(),
            published_spec(Architecture::ssdlite_mobilenet_v2, 1, 320, 90));
  EXPECT_EQ(spec_from_name("deeplab_mobilenet_v2").value(),
            published_spec(Architecture::deeplab_mobilenet_v2, 1, 513, 21));
  EXPECT_FALSE(spec_from_name("ssd_mobilenet_v1:1.0:300:0"));
  EXPECT_FALSE(spec_from_name("deeplab_mobilenet_v2:1.0:513:300"));
}

}  // namespace
}  // namespace mobilenet
