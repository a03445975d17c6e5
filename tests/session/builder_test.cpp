// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <cmath>
#include <numeric>
#include <vector>

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
  for (const Device device : {Device::cpu, Device::reference}) {
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
  const Value large = net.resize_bilinear(small, 4, 4, true);
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
  for (const Device device : {Device::cpu, Device::reference}) {
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
    EXPECT_EQ(model.error().message, "mix: weight has 10 numbers, expected 12");
  }
  {
    NetworkBuilder net;
    net.input(4, 4, 3);
    EXPECT_FALSE(net.build()) << "no output";
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

}  // namespace
}  // namespace mobilenet::testing
