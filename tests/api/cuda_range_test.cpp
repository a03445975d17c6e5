// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Networks whose numbers are too large for f16: sessions answer as in f32, and say so.

#include <algorithm>
#include <cstring>

#include "cuda_session.h"
#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

class CudaRange : public WithGpu {};

std::vector<float> turns(std::size_t count, float size) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = size * static_cast<float>(static_cast<int>(i * 5 % 11) - 5);
  return values;
}

// Of one sign, so that infinities stay such.
std::vector<float> above_zero(std::size_t count, float size) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = size * static_cast<float>(1 + i * 3 % 7);
  return values;
}

// A classifier whose second layer leaves numbers up to `size` or so, and whose third brings them back and clamps them.
Model model_of(float size) {
  NetworkBuilder net;
  const std::vector<float> first = turns(std::size_t{16} * 9 * 3, 0.1f),
                           large = above_zero(std::size_t{16} * 16, size / 200),
                           small = above_zero(std::size_t{8} * 16, 0.05f / size),
                           last = turns(std::size_t{5} * 8, 0.5f);
  Value x =
      net.convolution(net.input(16, 16, 3),
                      {.weight = first, .outputs = 16, .kernel = 3, .activation = Activation::relu6, .name = "first"});
  x = net.pointwise(x, {.weight = large, .outputs = 16, .name = "large"});
  x = net.pointwise(x, {.weight = small, .outputs = 8, .activation = Activation::relu6, .name = "small"});
  net.output(net.softmax(net.dense(net.global_average_pool(x), {.weight = last, .outputs = 5})), "scores");
  return net.build().value();
}

bool has_decision(const ModelInfo& info, std::string_view what) {
  return std::any_of(info.decisions.begin(), info.decisions.end(),
                     [&](const Decision& decision) { return decision.what == what; });
}

constexpr float kTooLarge = 1e6f, kFine = 1e3f;

TEST_F(CudaRange, AnswersAreThoseOfFloats) {
  const TestPicture picture(40, 30), other(64, 64);
  const Model model = model_of(kTooLarge);
  Session exact = model.session({.device = Device::cuda, .precision = Precision::f32}).value();
  for (const Precision asked : {Precision::automatic, Precision::f16}) {
    Session session = model.session({.device = Device::cuda, .precision = asked}).value();
    EXPECT_EQ(session.precision(), Precision::f16);
    EXPECT_FALSE(has_decision(session.info(), "precision"));
    for (const ImageView& view : {picture.view(), other.view()}) EXPECT_EQ(said(session, view), said(exact, view));
    EXPECT_EQ(session.precision(), Precision::f32);
    EXPECT_TRUE(has_decision(session.info(), "precision"));
    EXPECT_FALSE(has_decision(model.info(), "precision")) << "which is the session's own";
  }
}

TEST_F(CudaRange, TensorsToo) {
  const TestPicture picture(40, 30);
  const ImageView view = picture.view();
  const Model model = model_of(kTooLarge);
  const auto shown = [&](Precision precision) {
    Session session =
        model.session({.device = Device::cuda, .precision = precision, .layers = {"large", "small"}}).value();
    const TensorView pixels = session.preprocess(view).value();
    std::vector<float> all;
    const auto take = [&](std::span<const TensorView> tensors) {
      for (const TensorView& tensor : tensors)
        all.insert(all.end(), tensor.as<float>().begin(), tensor.as<float>().end());
    };
    take(session.features({&view, 1}).value());
    take(session.run({&pixels, 1}).value());
    std::vector<float> scores(5);
    const TensorBuffer buffer{scores.data(), scores.size() * sizeof(float)};
    Session again = model.session({.device = Device::cuda, .precision = precision}).value();
    EXPECT_TRUE(again.run({&pixels, 1}, {&buffer, 1}));
    all.insert(all.end(), scores.begin(), scores.end());
    return all;
  };
  EXPECT_EQ(shown(Precision::f16), shown(Precision::f32));
}

TEST_F(CudaRange, OthersStayInHalves) {
  const TestPicture picture(40, 30);
  Session session = model_of(kFine).session({.device = Device::cuda}).value();
  ASSERT_TRUE(session.classify(picture.view()));
  EXPECT_EQ(session.precision(), Precision::f16);
  EXPECT_FALSE(has_decision(session.info(), "precision"));
}

}  // namespace
}  // namespace mobilenet::testing
