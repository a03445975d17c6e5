// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The JSON beside a model: what it changes, that it can be written and read again, what is refused; and what callers
// say of the preprocessing in options.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "formats/safetensors/safetensors_file.h"
#include "formats/tflite/tflite_graph.h"

namespace mobilenet::testing {
namespace {

void write_graph(const std::filesystem::path& path, const GraphFile& graph) {
  const std::vector<std::uint8_t> bytes = graph.bytes();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

const Decision* decision(const Model& model, std::string_view what) {
  for (const Decision& decision : model.info().decisions)
    if (decision.what == what) return &decision;
  return nullptr;
}

TEST(Description, SaysWhatTheFileDoesNot) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "flowers.tflite";
  write_graph(path, small_float_graph());
  const Model guessed = Model::open(path).value();
  ASSERT_NE(decision(guessed, "encoding"), nullptr);
  EXPECT_TRUE(decision(guessed, "encoding")->is_guess);

  folder.write("flowers.mobilenet.json", R"({"encoding": "unit", "geometry": "square", "filter": "lanczos",
      "channels": "bgr", "labels": ["a", "b", "c", "d", "e"]})");
  const Model model = Model::open(path).value();
  EXPECT_EQ(model.info().preprocess, "the whole centre square, PIL Lanczos to 8x8, byte / 255, in BGR order");
  EXPECT_EQ(model.info().labels, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  for (const char* what : {"encoding", "resize", "filter", "channel order"}) {
    ASSERT_NE(decision(model, what), nullptr) << what;
    EXPECT_EQ(decision(model, what)->why, "flowers.mobilenet.json says it") << what;
    EXPECT_FALSE(decision(model, what)->is_guess) << what;
  }
  EXPECT_NE(decision(model, "description"), nullptr);

  // The caller's word goes before it; a description that is named goes before the one beside.
  ModelOptions options;
  options.preprocess.encoding = PixelEncoding::bytes();
  EXPECT_EQ(Model::open(path, options).value().info().preprocess,
            "the whole centre square, PIL Lanczos to 8x8, byte, in BGR order");
  folder.write("other.json", R"({"geometry": "letterbox", "fill": [1, 2, 3], "labels": "names.txt"})");
  folder.write("names.txt", "v\nw\nx\ny\nz\n");
  options.description = folder.path() / "other.json";
  const Model other = Model::open(path, options).value();
  EXPECT_EQ(other.info().preprocess,
            "the whole picture, PIL bilinear into 8x8, bars around it filled with (1, 2, 3), byte");
  EXPECT_EQ(other.info().labels, (std::vector<std::string>{"v", "w", "x", "y", "z"}));
}

TEST(Description, IsWrittenAndReadAgain) {
  const char* texts[] = {
      R"({"geometry": "crop", "filter": "bilinear", "encoding": "signed", "channels": "rgb"})",
      R"({"geometry": "tf_slim", "filter": "tf1_bilinear", "encoding": "bytes"})",
      R"({"geometry": "squash", "filter": "tf_bilinear", "encoding": {"mean": [124, 116, 104], "deviation": 58}})",
      R"({"geometry": "pad", "filter": "hamming", "fill": 0, "encoding": {"mean": 0.1, "deviation": [0.2, 0.3, 0.4],
          "rescale": 0.00392156862745098, "divide_by_255": true}})",
      R"({"geometry": {"mode": "shortest_edge", "resize": [9, 9], "of_input": [8, 8], "longest_edge": 50,
          "rounding": "half_even", "resampler": "torchvision"}, "filter": "nearest", "channels": "bgr"})",
      R"({"geometry": {"mode": "cover", "resize": [9, 10], "rounding": "half_even"}, "filter": "bicubic"})",
      R"({"geometry": {"mode": "crop", "crop_fraction": 0.5}, "labels": ["a", "\u00e4 \"b\"", "", "d", "e"]})",
      R"({"geometry": {"mode": "keep"}, "filter": "box", "scores": "sigmoid"})",
  };
  const TemporaryFolder folder;
  const auto path = folder.path() / "m.tflite";
  write_graph(path, small_float_graph());
  for (const char* text : texts) {
    folder.write("m.mobilenet.json", text);
    const auto first = Model::open(path);
    ASSERT_TRUE(first) << text << ": " << first.error().message;
    const std::string written = first->description().value();
    folder.write("m.mobilenet.json", written);
    const auto second = Model::open(path);
    ASSERT_TRUE(second) << written << ": " << second.error().message;
    EXPECT_EQ(second->info().preprocess, first->info().preprocess);
    EXPECT_EQ(second->info().labels, first->info().labels);
    EXPECT_EQ(second->description().value(), written);
  }
}

TEST(Description, NamesTheKeyThatIsWrong) {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"", "is not valid JSON"},
      {"[]", "is an array of 0, expected an object"},
      {R"({"encodng": "unit"})", "\"encodng\" is no key of a description, expected one of version, geometry"},
      {R"({"version": 2})", "version is 2, expected at most 1"},
      {R"({"encoding": "half"})", "encoding is \"half\", expected one of unit, signed, bytes"},
      {R"({"encoding": 5})", "encoding is 5, expected a string"},
      {R"({"encoding": {"deviation": 0}})", "encoding: deviation is 0"},
      {R"({"encoding": {"mean": [1, 2]}})", "encoding: mean is an array of 2"},
      {R"({"geometry": "stretch"})", "geometry is \"stretch\""},
      {R"({"geometry": {}})", "geometry: mode is missing"},
      {R"({"geometry": {"mode": "squash", "resize": [0, 8]}})", "geometry: resize is an array of 2"},
      {R"({"geometry": {"mode": "squash", "input_size": "of_picture"}})", "geometry: input_size is of_picture"},
      {R"({"filter": "sharp"})", "filter is \"sharp\", expected one of nearest, bilinear"},
      {R"({"channels": "grb"})", "channels is \"grb\""},
      {R"({"fill": "grey"})", "fill is \"grey\""},
      {R"({"scores": "loud"})", "scores is \"loud\", expected one of softmax"},
      {R"({"labels": ["a", 1, "c", "d", "e"]})", "label 1 is 1"},
      {R"({"labels": ["a", "b"]})", "2"},
      {R"({"labels": "../names.txt"})", "labels is \"../names.txt\", expected a list or the name of a file"},
      {R"({"labels": "/etc/hostname"})", "expected a list or the name of a file in the same folder"},
      {R"({"labels": "missing.txt"})", "missing.txt"},
      {R"({"labels": {}})", "labels is an object"},
      {R"({"geometry": {"mode": {"mode": {"mode": {}}}}})", "nested deeper"},
  };
  const TemporaryFolder folder;
  const auto path = folder.path() / "m.tflite";
  write_graph(path, small_float_graph());
  for (const Case& c : cases) {
    folder.write("m.mobilenet.json", c.text);
    const auto model = Model::open(path);
    ASSERT_FALSE(model) << c.text;
    const std::string& message = model.error().message;
    EXPECT_NE(message.find(c.message), std::string::npos) << c.text << ": " << message;
    EXPECT_TRUE(message.starts_with(path.string() + ": m.mobilenet.json: ")) << message;
  }
}

TEST(Description, SurvivesRandomChanges) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "m.tflite";
  write_graph(path, small_float_graph());
  const std::string good = Model::open(path).value().description().value();
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string bad = good;
    for (unsigned change = 0; change <= random() % 3; ++change)
      bad[random() % bad.size()] = static_cast<char>(random());
    folder.write("m.mobilenet.json", bad);
    (void)Model::open(path);  // must neither crash nor hang; it may still be sound
  }
}

// Options of the model reach the numbers that the network gets, for float and integer inputs.
TEST(PreprocessOptions, ReachTheInput) {
  const std::vector<std::uint8_t> red(8 * 8 * 3, 100);
  const ImageView picture = ImageView::packed(red.data(), PixelFormat::rgb, 8, 8);
  const auto input_of = [&](const GraphFile& graph, const ModelOptions& options) {
    const std::vector<std::uint8_t> bytes = graph.bytes();
    const Model model = Model::from_memory(std::as_bytes(std::span(bytes)), options).value();
    Session session = model.session().value();
    const TensorView input = session.preprocess({&picture, 1}).value();
    return input.type == DataType::f32
               ? static_cast<double>(input.as<float>()[0])
               : input.scale * static_cast<double>(input.as<std::int8_t>()[0] - input.zero_point);
  };
  GraphFile integers = small_i8_graph();
  integers.tensors[kInput].scales = {0.01f};
  integers.tensors[kInput].zero_points = {-20};
  ModelOptions options;
  options.preprocess.encoding = PixelEncoding::unit();
  EXPECT_NEAR(input_of(small_float_graph(), options), 100 / 255.0, 1e-6);
  EXPECT_NEAR(input_of(integers, options), 100 / 255.0, 0.005);
  options.preprocess.encoding = PixelEncoding{{40, 50, 60}, {50, 100, 200}};
  EXPECT_NEAR(input_of(small_float_graph(), options), 60 / 50.0, 1e-6);
  EXPECT_NEAR(input_of(integers, options), 60 / 50.0, 0.005);
}

// A session opens and runs raw tensors; pictures get the sentence, and an answer once the caller says what is unknown.
TEST(PreprocessOptions, WhatIsUnknownBlocksOnlyPictures) {
  const TemporaryFolder folder;
  const Model random = Model::random("mobilenet_v2:0.35:32:4").value();
  ASSERT_TRUE(random.save(folder.path() / "own.safetensors"));
  // The project's own file with an unknown filter, as a conversion of such a model has it.
  std::ifstream in(folder.path() / "own.safetensors", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const std::string known = R"(\"fill\":127.5)";
  const std::size_t at = bytes.find(known);
  ASSERT_NE(at, std::string::npos);
  const std::string unknown = known + R"(,\"unknown\":{\"filter\":\"nobody said it\"})";
  bytes.replace(at, known.size(), unknown);
  std::uint64_t header = 0;
  for (int i = 0; i < 8; ++i)
    header |= std::uint64_t{static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)])} << 8 * i;
  header += unknown.size() - known.size();
  for (int i = 0; i < 8; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(header >> (8 * i) & 0xff);
  const auto open = [&](const ModelOptions& options) {
    return Model::from_memory(std::as_bytes(std::span(bytes.data(), bytes.size())), options, "it");
  };
  const auto model = open({});
  ASSERT_TRUE(model) << model.error().message;
  Session session = model->session().value();
  const std::vector<std::uint8_t> grey(32 * 32 * 3, 100);
  const ImageView picture = ImageView::packed(grey.data(), PixelFormat::rgb, 32, 32);
  const auto refused = session.classify(picture);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("unknown, because nobody said it; say it"), std::string::npos)
      << refused.error().message;
  const std::vector<float> zeros(3 * 32 * 32);
  const std::int64_t shape[] = {1, 32, 32, 3};
  const TensorView input{"input", DataType::f32, shape, zeros.data(), zeros.size() * 4};
  EXPECT_TRUE(session.run({&input, 1}));
  ModelOptions options;
  options.preprocess.filter = ResizeFilter::pil_bilinear;
  Session told = open(options).value().session().value();
  EXPECT_TRUE(told.classify(picture));
}

}  // namespace
}  // namespace mobilenet::testing
