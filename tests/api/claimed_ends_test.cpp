// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// A backend that claims the ends of a network gives the answers that the host would give, and one whose run fails gives
// a sentence. This program has a table of devices of its own: `cpu` is such a backend, around `reference`.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <array>
#include <random>

#include "backend/backend.h"
#include "backend/host_ends.h"
#include "backend/host_request.h"
#include "backend/reference/reference_backend.h"
#include "backend/registry.h"
#include "base/error.h"
#include "preprocess/picture_input.h"

namespace mobilenet {
namespace {

struct Counts {
  int compiled = 0, pictures = 0, answers = 0;
  bool lost = false;             // the device, so that runs fail
  bool lost_late = false;        // after submit
  Claims offers = {true, true};  // the most that the backend claims
};
Counts counts;

struct ClaimingWeights final : Weights {
  std::shared_ptr<const ModelGraph> graph;
  std::shared_ptr<const Weights> inner;
};

class ClaimingExecution final : public Execution {
 public:
  ClaimingExecution(std::unique_ptr<Execution> inner, std::optional<PictureInput> input,
                    std::unique_ptr<HostAnswer> answer)
      : inner_(std::move(inner)), input_(std::move(input)), answer_(std::move(answer)) {}

  std::span<const TensorMemory> inputs() const override { return inner_->inputs(); }
  std::span<const TensorMemory> outputs() const override { return inner_->outputs(); }

  Result<Ticket> submit(const RunRequest& request) override {
    if (counts.lost) return failure(ErrorCode::unsupported, "the device was lost");
    if (input_) {
      const std::size_t bytes = inputs()[0].bytes / request.pictures.size();
      for (std::size_t i = 0; i < request.pictures.size(); ++i) {
        MOBILENET_TRY(const Geometry geometry, input_->run(request.pictures[i].image, inputs()[0].data + i * bytes));
        EXPECT_EQ(geometry, request.pictures[i].geometry);
        ++counts.pictures;
      }
    }
    MOBILENET_CHECK(inner_->run());
    if (answer_) {
      MOBILENET_TRY(answers_, answer_->run(outputs(), request.pictures, {}));
      ++counts.answers;
    }
    return Ticket{1};
  }
  Result<void> wait(Ticket) override {
    return counts.lost_late ? Result<void>(failure(ErrorCode::unsupported, "the device was lost")) : Result<void>();
  }
  RawAnswers answers() const override { return answers_; }

 private:
  std::unique_ptr<Execution> inner_;
  std::optional<PictureInput> input_;
  std::unique_ptr<HostAnswer> answer_;
  RawAnswers answers_;
};

class ClaimingProgram final : public Program {
 public:
  ClaimingProgram(std::shared_ptr<const ClaimingWeights> weights, std::shared_ptr<const Program> inner,
                  CompileRequest request)
      : weights_(std::move(weights)), inner_(std::move(inner)), request_(std::move(request)) {}

  Result<std::unique_ptr<Execution>> open(const ExecutionOptions& options) const override {
    MOBILENET_TRY(auto inner, inner_->open(options));
    std::optional<PictureInput> input;
    if (const auto& end = request_.ends.picture) {
      MOBILENET_TRY(input, PictureInput::create(end->preprocess, end->input.height, end->input.width, end->elements));
    }
    MOBILENET_TRY(auto answer, host_answer(request_.ends.answer, weights_->graph->network, request_.input_shapes[0],
                                           inner->outputs()));
    return std::unique_ptr<Execution>(
        std::make_unique<ClaimingExecution>(std::move(inner), std::move(input), std::move(answer)));
  }
  std::string_view isa() const override { return "claiming"; }

 private:
  std::shared_ptr<const ClaimingWeights> weights_;
  std::shared_ptr<const Program> inner_;
  CompileRequest request_;
};

class ClaimingBackend final : public Backend {
 public:
  Result<void> supports(const ModelGraph& graph) const override { return reference_backend().supports(graph); }

  Result<std::shared_ptr<const Weights>> pack(std::shared_ptr<const ModelGraph> graph,
                                              Precision precision) const override {
    auto weights = std::make_shared<ClaimingWeights>();
    MOBILENET_TRY(weights->inner, reference_backend().pack(graph, precision));
    weights->graph = std::move(graph);
    return std::shared_ptr<const Weights>(std::move(weights));
  }

  Claims claims(const Network&, const Ends& ends) const override {
    return {counts.offers.picture && ends.picture.has_value(),
            counts.offers.answer && !std::holds_alternative<std::monostate>(ends.answer)};
  }

  Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights> weights,
                                                 const CompileRequest& request) const override {
    ++counts.compiled;
    auto own = std::static_pointer_cast<const ClaimingWeights>(std::move(weights));
    MOBILENET_TRY(auto inner, reference_backend().compile(own->inner, {request.input_shapes, request.outputs}));
    return std::shared_ptr<const Program>(std::make_shared<ClaimingProgram>(std::move(own), std::move(inner), request));
  }
};

Result<const Backend*> claiming() {
  static const ClaimingBackend backend;
  return &backend;
}
Result<const Backend*> reference() { return &reference_backend(); }

constexpr std::array kDevices{DeviceRow{{Device::cpu, "claiming", "computes its ends itself"}, &claiming},
                              DeviceRow{{Device::reference, "reference", "plain"}, &reference}};
constexpr std::array kInfos = infos_of(kDevices);

std::vector<std::byte> noise(int width, int height) {
  std::mt19937 random(5);
  std::vector<std::byte> rgb(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (std::byte& byte : rgb) byte = static_cast<std::byte>(random() & 255);
  return rgb;
}

Session open(const Model& model, Device device) {
  SessionOptions options;
  options.device = device;
  options.score_threshold = 0.01f;
  options.probabilities = true;
  options.max_detections = 20;
  return model.session(options).value();
}

class ClaimedEnds : public ::testing::Test {
 protected:
  void SetUp() override {
    counts = {};
    pixels_ = {noise(61, 40), noise(40, 61)};
    views_ = {ImageView::packed(pixels_[0].data(), PixelFormat::rgb, 61, 40),
              ImageView::packed(pixels_[1].data(), PixelFormat::bgr, 40, 61)};
    views_[1].orientation = Orientation::rotate_90;
  }

  std::array<std::vector<std::byte>, 2> pixels_;
  std::array<ImageView, 2> views_;
};

TEST_F(ClaimedEnds, ClassesAreThoseOfTheHost) {
  const Model model = Model::random("mobilenet_v2:0.35:64:7").value();
  Session host = open(model, Device::reference);
  const auto truth = host.classify(views_).value();
  for (const Claims& offers : {Claims{true, true}, Claims{true, false}, Claims{false, true}, Claims{false, false}}) {
    counts = {};
    counts.offers = offers;
    Session claimed = open(Model::random("mobilenet_v2:0.35:64:7").value(), Device::cpu);
    const auto answers = claimed.classify(views_).value();
    ASSERT_EQ(answers.size(), truth.size());
    for (std::size_t picture = 0; picture < truth.size(); ++picture)
      EXPECT_TRUE(std::equal(
          answers[picture].begin(), answers[picture].end(), truth[picture].begin(), truth[picture].end(),
          [](const Classification& x, const Classification& y) { return x.index == y.index && x.score == y.score; }));
    EXPECT_EQ(counts.pictures, offers.picture ? 2 : 0);
    EXPECT_EQ(counts.answers, offers.answer ? 1 : 0);
  }
}

TEST_F(ClaimedEnds, ObjectsAreThoseOfTheHost) {
  const Model model = Model::random("ssdlite_mobilenet_v2:0.35:96:5").value();
  Session claimed = open(model, Device::cpu), host = open(model, Device::reference);
  const auto a = claimed.detect(views_).value(), b = host.detect(views_).value();
  ASSERT_EQ(a.size(), b.size());
  std::size_t objects = 0;
  for (std::size_t picture = 0; picture < a.size(); ++picture) {
    objects += a[picture].size();
    EXPECT_TRUE(std::equal(a[picture].begin(), a[picture].end(), b[picture].begin(), b[picture].end(),
                           [](const Detection& x, const Detection& y) {
                             return x.class_index == y.class_index && x.score == y.score && x.left == y.left &&
                                    x.top == y.top && x.right == y.right && x.bottom == y.bottom;
                           }));
  }
  EXPECT_GT(objects, 0u);
  EXPECT_EQ(counts.answers, 1);
}

TEST_F(ClaimedEnds, TheMaskIsThatOfTheHost) {
  const Model model = Model::random("deeplab_mobilenet_v2:0.35:65:4").value();
  Session claimed = open(model, Device::cpu), host = open(model, Device::reference);
  for (const ImageView& view : views_) {
    const Segmentation a = claimed.segment(view).value(), b = host.segment(view).value();
    EXPECT_EQ(a.width, b.width);
    EXPECT_TRUE(std::equal(a.mask.begin(), a.mask.end(), b.mask.begin(), b.mask.end()));
    EXPECT_TRUE(
        std::equal(a.probabilities.begin(), a.probabilities.end(), b.probabilities.begin(), b.probabilities.end()));
    EXPECT_TRUE(std::equal(
        a.classes.begin(), a.classes.end(), b.classes.begin(), b.classes.end(),
        [](const SegmentClass& x, const SegmentClass& y) { return x.index == y.index && x.pixels == y.pixels; }));
  }
  EXPECT_EQ(counts.answers, 2);
}

// Masks of a batch, each picture of another size, are those that each of them gets alone; the second run has larger
// pictures in the places of smaller ones.
TEST(HostMasks, OfABatchAreThoseOfItsPictures) {
  constexpr int kRows = 5, kColumns = 7, kBatch = 3;
  for (const int channels : {1, 3}) {
    Network network;
    Tensor tensor;
    tensor.name = "logits";
    tensor.type = DataType::f32;
    network.tensors.push_back(tensor);
    const MaskEnd end{0, {3, Enlargement::half_pixel_centers, ScoreFunction::softmax}, true};
    std::mt19937 random(7);
    std::uniform_real_distribution<float> number(-4, 4);
    const std::size_t each = std::size_t{kRows} * kColumns * static_cast<std::size_t>(channels);
    std::vector<float> logits(kBatch * each);
    for (float& logit : logits) logit = number(random);
    const auto memory = [&](std::size_t first, int count) {
      return TensorMemory{0,
                          DataType::f32,
                          Shape{count, kRows, kColumns, channels},
                          Memory::host,
                          reinterpret_cast<std::byte*>(logits.data() + first * each),
                          static_cast<std::size_t>(count) * each * sizeof(float)};
    };
    const TensorMemory all = memory(0, kBatch);
    const auto together = host_answer(end, network, Shape{kBatch, kRows, kColumns, 3}, {&all, 1}).value();
    for (const int turn : {0, 1}) {
      std::vector<PictureCall> pictures;
      for (int i = 0; i < kBatch; ++i) {
        const int width = 9 + 20 * ((i + turn) % kBatch), height = 31 - 7 * i;
        pictures.push_back({{}, {{0, width, kColumns, 0, kColumns, 0}, {0, height, kRows - 2, 0, kRows - 2, 1}}});
        pictures.back().image.width = width, pictures.back().image.height = height;
      }
      const RawAnswers masks = together->run({&all, 1}, pictures, {}).value();
      ASSERT_EQ(masks.masks.size(), pictures.size());
      for (std::size_t i = 0; i < pictures.size(); ++i) {
        const TensorMemory own = memory(i, 1);
        const auto alone = host_answer(end, network, Shape{1, kRows, kColumns, 3}, {&own, 1}).value();
        const RawMask expected = alone->run({&own, 1}, {&pictures[i], 1}, {}).value().masks[0], got = masks.masks[i];
        EXPECT_TRUE(std::ranges::equal(got.classes, expected.classes));
        EXPECT_TRUE(std::ranges::equal(got.probabilities, expected.probabilities));
        EXPECT_EQ(got.probabilities.size(), got.classes.size() * static_cast<std::size_t>(std::max(channels, 2)));
      }
    }
    EXPECT_FALSE(host_answer(end, network, Shape{1, kRows, kColumns, 3}, {&all, 1})) << "of another batch";
  }
}

TEST_F(ClaimedEnds, TensorsHaveNoAnswer) {
  const Model model = Model::random("mobilenet_v1:0.25:64:3").value();
  SessionOptions options;
  options.layers = {"pointwise3"};
  Session session = model.session(options).value();
  EXPECT_EQ(session.features(views_[0]).value().size(), 1u);
  EXPECT_EQ(counts.pictures, 1);
  EXPECT_EQ(counts.answers, 0);
}

TEST_F(ClaimedEnds, SessionsShareThePrograms) {
  const Model model = Model::random("mobilenet_v2:0.35:64:7").value();
  Session first = open(model, Device::cpu), second = open(model, Device::cpu);
  EXPECT_EQ(counts.compiled, 1);
  ASSERT_TRUE(first.classify(views_));
  ASSERT_TRUE(second.classify(views_));
  EXPECT_EQ(counts.compiled, 2) << "one for one picture, one for two";
}

TEST_F(ClaimedEnds, AFailedRunIsASentence) {
  const Model model = Model::random("mobilenet_v2:0.35:64:7").value();
  Session session = open(model, Device::cpu);
  counts.lost = true;
  const auto failed = session.classify(views_[0]);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "mobilenet_v2:0.35:64:7: the device was lost");
  counts.lost = false;
  EXPECT_TRUE(session.classify(views_[0])) << "the session lives on";
  counts.lost_late = true;
  EXPECT_FALSE(session.classify(views_[0]));
}

// What sessions never ask for, but others might.
TEST(HostRequest, WhatAHostCannotDoIsRefused) {
  std::array<std::byte, 8> memory{};
  TensorMemory own;
  own.data = memory.data();
  own.bytes = memory.size();
  TensorMemory small = own, elsewhere = own, none = own;
  small.bytes = 4;
  elsewhere.memory = Memory::device;
  none.data = nullptr;
  const std::span<const TensorMemory> one(&own, 1);
  EXPECT_TRUE(check_host_request({}, one, one));
  EXPECT_TRUE(check_host_request({.inputs = one, .outputs = one}, one, one));
  for (const TensorMemory& wrong : {small, elsewhere, none}) {
    EXPECT_FALSE(check_host_request({.inputs = {&wrong, 1}}, one, one));
    EXPECT_FALSE(check_host_request({.outputs = {&wrong, 1}}, one, one));
  }
  EXPECT_FALSE(check_host_request({.inputs = one}, {}, one));
  EXPECT_FALSE(check_host_request({.stream = memory.data()}, one, one));
}

TEST(Devices, AreNamedByTheTable) {
  ASSERT_EQ(devices().size(), 2u);
  EXPECT_EQ(name_of(Device::cpu), "claiming");
  EXPECT_EQ(device_from_name("reference"), Device::reference);
  EXPECT_FALSE(device_from_name("cpu"));
}

}  // namespace

std::span<const DeviceRow> device_rows() { return kDevices; }
std::span<const DeviceInfo> devices() { return kInfos; }

}  // namespace mobilenet
