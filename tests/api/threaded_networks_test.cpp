// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Each kind of step on several threads gives the bytes that one thread gives. The thread sanitizer runs this too, so
// the networks are as small as the kind allows.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "formats/tflite/tflite_graph.h"
#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

constexpr int kTasks = 3;  // of an executor

// Executors as applications may have them.
class Serial final : public Executor {
 public:
  int threads() const override { return kTasks; }
  void parallel_for(int count, void (*task)(void*, int), void* context) override {
    for (int i = 0; i < count; ++i) task(context, i);
  }
};

class Backwards final : public Executor {
 public:
  int threads() const override { return kTasks; }
  void parallel_for(int count, void (*task)(void*, int), void* context) override {
    for (int i = count; i-- > 0;) task(context, i);
  }
};

class FreshThreads final : public Executor {
 public:
  int threads() const override { return kTasks; }
  void parallel_for(int count, void (*task)(void*, int), void* context) override {
    std::vector<std::thread> threads;
    for (int i = 1; i < count; ++i) threads.emplace_back(task, context, i);
    task(context, 0);
    for (std::thread& thread : threads) thread.join();
  }
};

struct ThreadsCase {
  const char* name;
  int threads;
  int spin_us;
  Executor* executor;
};

using Answer = std::vector<std::byte>;

template <class T>
void append(Answer& answer, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  answer.insert(answer.end(), bytes.begin(), bytes.end());
}

// `use` turns a session into an answer; twice, since the first call compiles and the second finds old memory.
template <class Use>
void expect_one_answer(const Model& model, const Use& use, SessionOptions options = {}) {
  options.threads = 1;
  Session alone = model.session(options).value();
  const Answer expected = use(alone);
  ASSERT_FALSE(expected.empty());
  Serial serial;
  Backwards backwards;
  FreshThreads fresh;
  const ThreadsCase cases[] = {
      {"two threads", 2, kUsualSpin, nullptr},
      {"three threads that sleep at once", 3, 0, nullptr},
      {"an executor without threads", 0, kUsualSpin, &serial},
      {"an executor without threads, backwards", 0, kUsualSpin, &backwards},
      {"an executor with threads", 0, kUsualSpin, &fresh},
      {"two of an executor's threads", 2, kUsualSpin, &fresh},
  };
  for (const ThreadsCase& c : cases) {
    options.threads = c.threads;
    options.spin_us = c.spin_us;
    options.executor = c.executor;
    Session session = model.session(options).value();
    EXPECT_EQ(session.threads(), c.threads > 0 ? c.threads : kTasks) << c.name;
    for (int call = 0; call < 2; ++call)
      EXPECT_TRUE(use(session) == expected) << model.info().source << ", " << c.name << ", call " << call;
  }
}

Answer run_batch(Session& session, const ModelInfo& info, std::int64_t batch) {
  std::vector<std::int64_t> shape = info.inputs.at(0).shape;
  shape[0] = batch;
  std::size_t count = 1;
  for (const std::int64_t axis : shape) count *= static_cast<std::size_t>(axis);
  std::vector<float> floats(count);
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 2654435761u >> 20);
    floats[i] = static_cast<float>(bytes[i]) / 128 - 1;
  }
  const bool real = info.inputs[0].type == DataType::f32;
  const TensorView input{info.inputs[0].name, info.inputs[0].type, shape,
                         real ? static_cast<const void*>(floats.data()) : bytes.data(),
                         count * size_of(info.inputs[0].type)};
  Answer answer;
  for (const TensorView& output : session.run({&input, 1}).value()) append(answer, output.as<std::byte>());
  return answer;
}

// Tensors of 256 kB and more stream row by row from step to step.
TEST(ThreadedNetworks, ChainsOfRows) {
  for (const char* architecture : {"mobilenet_v1:0.25:193:3", "mobilenet_v2:0.35:193:3"}) {
    const Model model = Model::random(architecture).value();
    expect_one_answer(model, [&](Session& session) { return run_batch(session, model.info(), 1); });
  }
}

// With fewer pictures than threads, as many, and some left when every thread has had the same number.
TEST(ThreadedNetworks, BatchesOfFloats) {
  const Model model = Model::random("mobilenet_v2:0.35:33:3").value();
  for (const std::int64_t batch : {2, 3, 5, 8})
    expect_one_answer(model, [&](Session& session) { return run_batch(session, model.info(), batch); });
}

// Large weights are read once for a few pictures.
TEST(ThreadedNetworks, BatchesOfLargeWeights) {
  const Model model = Model::random("mobilenet_v1:1.0:33:1001").value();
  Session alone = model.session({.threads = 1}).value();
  const Answer first = run_batch(alone, model.info(), 1);
  for (const std::int64_t batch : {4, 6, 7, 8}) {
    expect_one_answer(model, [&](Session& session) { return run_batch(session, model.info(), batch); });
    const Answer all = run_batch(alone, model.info(), batch);
    EXPECT_TRUE(std::equal(first.begin(), first.end(), all.begin())) << "a batch of " << batch;
  }
}

// Tensors that later steps read, beside the output.
TEST(ThreadedNetworks, InnerTensorsOfBatches) {
  const Model model = Model::random("mobilenet_v1:0.25:33:3").value();
  SessionOptions options;
  options.tensors = {"pointwise3", "pool"};
  for (const std::int64_t batch : {1, 4})
    expect_one_answer(
        model, [&](Session& session) { return run_batch(session, model.info(), batch); }, options);
}

// Every picture of a batch is what it is alone.
TEST(ThreadedNetworks, ABatchIsItsPictures) {
  const Model model = Model::random("mobilenet_v2:0.35:33:3").value();
  std::vector<TestPicture> pictures;
  for (int i = 0; i < 5; ++i) pictures.emplace_back(40 + 3 * i, 50);
  std::vector<ImageView> views;
  for (const TestPicture& picture : pictures) views.push_back(picture.view());
  for (const int threads : {1, 2, 3}) {
    Session alone = model.session({.threads = threads}).value(), together = model.session({.threads = threads}).value();
    const auto answers = together.classify(views).value();
    for (std::size_t i = 0; i < views.size(); ++i) {
      const auto expected = alone.classify(views[i]).value();
      for (std::size_t place = 0; place < expected.size(); ++place) {
        EXPECT_EQ(answers[i][place].index, expected[place].index);
        EXPECT_EQ(answers[i][place].score, expected[place].score);
      }
    }
  }
}

// Step by step, and large enough to stream row by row.
TEST(ThreadedNetworks, Integers) {
  for (const int side : {49, 513}) {
    GraphFile graph = small_i8_graph();
    for (const int tensor : {kInput, kStem, kDepthwise, kSum}) {
      std::vector<int>& shape = graph.tensors[static_cast<std::size_t>(tensor)].shape;
      shape[1] = tensor == kInput ? side : (side + 1) / 2;
      shape[2] = tensor == kInput ? side + 6 : (side + 7) / 2;
    }
    const std::vector<std::uint8_t> file = graph.bytes();
    const Model model = Model::from_memory(std::as_bytes(std::span(file))).value();
    for (const std::int64_t batch : {1, 3})
      expect_one_answer(model, [&](Session& session) { return run_batch(session, model.info(), batch); });
  }
}

TEST(ThreadedNetworks, Detections) {
  const TestPicture picture(90, 70);
  const Model model = Model::random("ssdlite_mobilenet_v2:0.35:96:4").value();
  const auto detect = [&](Session& session) {
    Answer answer;
    for (const Detection& d : session.detect(picture.view()).value())
      append(answer, std::span<const float>(std::vector<float>{static_cast<float>(d.class_index), d.score, d.left,
                                                               d.top, d.right, d.bottom}));
    return answer;
  };
  expect_one_answer(model, detect, {.score_threshold = 0});
}

TEST(ThreadedNetworks, Masks) {
  const TestPicture picture(150, 110);
  const Model model = Model::random("deeplab_v3plus_mobilenet_v2:0.35:65:4").value();
  const auto segment = [&](Session& session) {
    const Segmentation found = session.segment(picture.view()).value();
    Answer answer;
    append(answer, found.mask);
    append(answer, found.probabilities);
    return answer;
  };
  expect_one_answer(model, segment, {.probabilities = true});
}

}  // namespace
}  // namespace mobilenet::testing
