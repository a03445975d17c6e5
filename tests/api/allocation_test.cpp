// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// A frame must not allocate: every operator new of the process is counted while a warmed-up session runs.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include "support/allocation_counter.h"
#include "support/devices.h"
#include "support/pictures.h"
#include "support/test_data.h"

namespace mobilenet::testing {
namespace {

// Allocations of `call`, after two calls to warm up.
template <class Call>
long count_allocations(const Call& call) {
  call();
  call();
  start_counting_allocations();
  call();
  return stop_counting_allocations();
}

void expect_no_allocations(const Model& model, Device device, int threads) {
  const std::string where =
      model.info().source + " on " + std::string(name_of(device)) + ", " + std::to_string(threads) + " threads";
  const TestPicture large(640, 400), small(97, 131);
  const ImageView views[] = {large.view(), small.view()};
  const std::string layer = model.info().layers.at(model.info().layers.size() / 2).name;
  for (const Pooling pooling : {Pooling::none, Pooling::average}) {
    Session session =
        model.session({.device = device, .threads = threads, .layers = {layer}, .pooling = pooling}).value();
    EXPECT_EQ(count_allocations([&] { return session.features(views).value().size(); }), 0) << "features, " << where;
    if (model.info().task == Task::classify) {
      EXPECT_EQ(count_allocations([&] { return session.classify(views[1]).value().size(); }), 0)
          << "classify, " << where;
      EXPECT_EQ(count_allocations([&] { return session.classify(views).value().size(); }), 0) << "batch, " << where;
    }
    const TensorView input = session.preprocess({views, 1}).value();
    EXPECT_EQ(count_allocations([&] { return session.run({&input, 1}).value().size(); }), 0) << "run, " << where;
  }
}

TEST(Allocations, NoneWhileANetworkRuns) {
  for (const char* architecture : {"mobilenet_v1:0.25:64", "mobilenet_v2:0.35:64"})
    for (const Device device : every_device())
      for (const int threads : {1, 2}) expect_no_allocations(Model::random(architecture).value(), device, threads);
}

TEST(Allocations, NoneWhileAnIntegerNetworkRuns) {
  MOBILENET_NEEDS_TEST_DATA();
  for (const char* file : {"mobilenet_v1_0.25_128_quant.tflite", "tf2_mobilenet_v2_1.0_224_ptq.tflite"}) {
    const Model model = Model::open(*test_data() / "models" / file).value();
    expect_no_allocations(model, Device::cpu, 2);
  }
}

TEST(Allocations, NoneWhileObjectsAreFound) {
  MOBILENET_NEEDS_TEST_DATA();
  const TestPicture large(640, 400), small(97, 131);
  const ImageView views[] = {large.view(), small.view()};
  for (const char* file :
       {"coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite", "object_detection_ssd_mobilenetv2_oidv4_fp16.tflite"})
    for (const int threads : {1, 2}) {
      const Model model = Model::open(*test_data() / "models" / file).value();
      Session session = model.session({.threads = threads, .score_threshold = 0.0f}).value();
      EXPECT_EQ(count_allocations([&] { return session.detect(views[0]).value().size(); }), 0) << file;
      EXPECT_EQ(count_allocations([&] { return session.detect(views).value().size(); }), 0) << "batch, " << file;
    }
}

TEST(Allocations, NoneWhilePicturesAreSegmented) {
  MOBILENET_NEEDS_TEST_DATA();
  const TestPicture picture(320, 200);
  for (const char* file : {"deeplabv3_257_mv_gpu.tflite", "deeplabv3_mnv2_pascal_quant.tflite"}) {
    const Model model = Model::open(*test_data() / "models" / file).value();
    for (const bool probabilities : {false, true}) {
      Session session = model.session({.threads = 2, .probabilities = probabilities}).value();
      EXPECT_EQ(count_allocations([&] { return session.segment(picture.view()).value().mask.size(); }), 0) << file;
    }
  }
}

}  // namespace
}  // namespace mobilenet::testing
