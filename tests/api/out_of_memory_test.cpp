// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Memory that runs out: at every allocation of every call, once and for good. A call then answers with out_of_memory or
// does without that memory; nothing is thrown, nothing ends the program, nothing leaks, and the same object works when
// there is memory again.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <string>

#include "formats/safetensors/tensor_list.h"
#include "formats/tflite/tflite_graph.h"
#include "formats/weights/framework_weights.h"
#include "support/failing_allocator.h"
#include "support/pictures.h"
#if MOBILENET_TESTS_HAVE_EVALUATE
#include <mobilenet/evaluate.h>
#endif
#if MOBILENET_TESTS_HAVE_LIVE
#include <mobilenet/smoothing.h>
#include <mobilenet/tracker.h>
#endif
#if MOBILENET_TESTS_HAVE_CODECS
#include "pictures/picture_files.h"
#include "support/devices.h"
#endif

namespace mobilenet::testing {
namespace {

// Calls of more allocations are tried at evenly spread ones, so that the whole table takes some seconds; fewer where
// each try runs a whole network.
constexpr long kMostTries = 250, kMostTriesOfNetworks = 60, kMostTriesOfReference = 12;

// Makes a call ready, outside the shortage; the call returns its error, if any.
using Call = std::function<std::optional<Error>()>;
using Prepare = std::function<Call()>;

// Without an allocation of its own.
template <class T>
std::optional<Error> error_of(Result<T> result) {
  if (result) return std::nullopt;
  return std::move(result).error();
}

char place[160];  // for the handler, which may not allocate

[[noreturn]] void name_the_place() {
  end_shortage();
  std::fprintf(stderr, "the program was ended by: %s\n", place);
  std::abort();
}

void try_allocation(const char* name, const Prepare& prepare, long nth, Shortage shortage) {
  std::snprintf(place, sizeof place, "%s, allocation %ld failing %s", name, nth,
                shortage == Shortage::once ? "once" : "with all later ones");
  const long live = live_blocks();
  std::string thrown;
  {
    const Call call = prepare();
    std::optional<Error> error;
    begin_shortage(nth, shortage);
    try {
      error = call();
      end_shortage();
    } catch (const std::exception& exception) {
      end_shortage();
      thrown = exception.what();
    }
    ASSERT_EQ(thrown, "") << place << " was thrown";
    if (error) {
      // libspng's streams and libwebp's demultiplexer do not tell a file that they cannot read from memory that they
      // did not get.
      const std::string_view what = place;
      const bool codec = what.find("PNG") != std::string_view::npos || what.find("WebP") != std::string_view::npos;
      if (!codec || error->code != ErrorCode::bad_format) {
        ASSERT_EQ(error->code, ErrorCode::out_of_memory) << place << ": " << error->message;
      }
      ASSERT_FALSE(error->message.empty()) << place;
    }
    const std::optional<Error> again = call();
    ASSERT_FALSE(again) << place << ": fails even when there is memory again: " << again->message;
  }
  ASSERT_EQ(live_blocks(), live) << place << ": leaks";
}

void expect_sentences(const char* name, const Prepare& prepare, long most_tries = kMostTries) {
  SCOPED_TRACE(name);
  const std::terminate_handler before = std::set_terminate(&name_the_place);
  for (int warm_up = 0; warm_up < 2; ++warm_up) {
    const std::optional<Error> error = prepare()();
    ASSERT_FALSE(error) << error->message;
  }
  const Call call = prepare();
  begin_shortage(0, Shortage::once);
  call();
  const long allocations = end_shortage();
  const long stride = std::max(1l, allocations / most_tries);
  for (const Shortage shortage : {Shortage::once, Shortage::lasting})
    for (long nth = 1; nth <= allocations; nth += stride) {
      try_allocation(name, prepare, nth, shortage);
      if (::testing::Test::HasFailure()) break;  // one place at a time
    }
  std::set_terminate(before);
}

std::span<const std::byte> as_bytes(const std::vector<std::uint8_t>& file) { return std::as_bytes(std::span(file)); }

// Pictures and options of all sessions here: one thread, since a pool that grows keeps its memory.
const TestPicture& picture() {
  static const TestPicture made(37, 29);
  return made;
}
// A GPU's driver takes memory of its own while it works, and ends the program where it gets none.
std::vector<Device> devices_of_the_host() {
  std::vector<Device> all = every_device();
  std::erase(all, Device::cuda);
  return all;
}

SessionOptions options(Device device) { return {.device = device, .threads = 1}; }

Model small_graph(const GraphFile& graph) { return Model::from_memory(as_bytes(graph.bytes())).value(); }

TEST(OutOfMemory, OpeningAGraph) {
  for (const auto& [name, graph] : {std::pair{"float graph", small_float_graph()}, {"i8 graph", small_i8_graph()}}) {
    const std::vector<std::uint8_t> file = graph.bytes();
    expect_sentences(name, [&] { return [&] { return error_of(Model::from_memory(as_bytes(file))); }; });
  }
}

TEST(OutOfMemory, OpeningWeightsBesideTheirConfiguration) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& name, const std::string& bytes) { folder.write(name, bytes); };
  write("model.safetensors",
        hugging_face_v2(published_spec(Architecture::mobilenet_v2, 0.35, 96, 3), "mobilenet_v2.").bytes());
  write("config.json", R"({"model_type": "mobilenet_v2", "id2label": {"0": "a", "1": "b", "2": "c"}})");
  write("preprocessor_config.json", R"({"size": {"height": 96, "width": 96}, "do_center_crop": false})");
  const std::filesystem::path path = folder.path() / "model.safetensors";
  expect_sentences("Hugging Face's weights", [&] { return [&] { return error_of(Model::open(path)); }; });
}

TEST(OutOfMemory, OpeningATrainersFiles) {
  const TemporaryFolder folder;
  const ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.05, 32, 3);
  const TensorList whole = TensorList::of(timm(spec, {1, 2, 2, 6, 2}).bytes()).convert("BF16").prefix("module.");
  std::array<TensorList, 2> shards;
  std::string index;
  for (std::size_t i = 0; i < whole.tensors.size(); ++i) {
    shards[i % 2].tensors.push_back(whole.tensors[i]);
    index += (index.empty() ? "" : ",") + ("\"" + whole.tensors[i].name + "\":\"m-" + std::to_string(i % 2 + 1)) +
             "-of-2.safetensors\"";
  }
  folder.write("m-1-of-2.safetensors", shards[0].file());
  folder.write("m-2-of-2.safetensors", shards[1].file());
  folder.write("m.safetensors.index.json", "{\"weight_map\":{" + index + "}}");
  const std::filesystem::path path = folder.path() / "m-2-of-2.safetensors";
  ASSERT_TRUE(Model::open(path)) << Model::open(path).error().message;
  expect_sentences("shards of bfloat16 in a module", [&] { return [&] { return error_of(Model::open(path)); }; });
}

TEST(OutOfMemory, SavingAndOpeningTheProjectsOwnFile) {
  const TemporaryFolder folder;
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  const std::filesystem::path path = folder.path() / "saved.safetensors";
  expect_sentences("description", [&] { return [&] { return error_of(model.description()); }; });
  expect_sentences("save", [&] { return [&] { return error_of(model.save(path)); }; });
  for (const auto& file : std::filesystem::directory_iterator(folder.path()))
    EXPECT_EQ(file.path(), path) << "half a file stayed";
  ASSERT_TRUE(model.save(path));
  expect_sentences("own file", [&] { return [&] { return error_of(Model::open(path)); }; });
}

TEST(OutOfMemory, RandomWeights) {
  expect_sentences("random", [] { return [] { return error_of(Model::random("mobilenet_v1:0.25:32:7")); }; });
}

TEST(OutOfMemory, BuildingANetwork) {
  const Model backbone = Model::random("mobilenet_v1:0.25:32:0").value();
  const std::vector<float> weight(256 * 3, 0.1f), bias(3, 0.5f);
  expect_sentences("builder", [&] {
    return [&]() -> std::optional<Error> {
      NetworkBuilder net(backbone);
      const Value head = net.dense(net.layer("pool"), {.weight = weight, .outputs = 3, .bias = bias, .name = "head"});
      net.output(net.softmax(head), "scores");
      return error_of(net.build());
    };
  });
}

TEST(OutOfMemory, OpeningASession) {
  const Model floats = Model::random("mobilenet_v1:0.25:32:7").value();
  for (const Device device : devices_of_the_host()) {
    expect_sentences("session, weights packed",
                     [&] { return [&] { return error_of(floats.session(options(device))); }; });
    expect_sentences("session of a new model", [&] {
      return [&, model = small_graph(small_i8_graph())] { return error_of(model.session(options(device))); };
    });
  }
}

// A call on a new session, so that its first frame compiles.
template <class Use>
void expect_sentences_of(const char* name, const Model& model, const SessionOptions& opened, const Use& use) {
  const auto prepare = [&]() -> Call {
    const auto session = std::make_shared<Session>(model.session(opened).value());
    return [session, &use] { return error_of(use(*session)); };
  };
  expect_sentences(name, prepare, opened.device == Device::cpu ? kMostTriesOfNetworks : kMostTriesOfReference);
}

TEST(OutOfMemory, Answers) {
  const ImageView views[] = {picture().view(), picture().view()};
  const Model classifier = Model::random("mobilenet_v2:0.35:32:7").value();
  const Model detector = Model::random("ssdlite_mobilenet_v2:0.35:64:4").value();
  const Model segmenter = Model::random("deeplab_mobilenet_v2:0.35:33:4").value();
  for (const Device device : devices_of_the_host()) {
    SessionOptions plain = options(device), features = plain, segments = plain;
    features.layers = {"block3/expand", "pool"};
    segments.probabilities = true;
    expect_sentences_of("classify", classifier, plain, [&](Session& s) { return s.classify(views[0]); });
    expect_sentences_of("classify a batch", classifier, plain, [&](Session& s) { return s.classify(views); });
    expect_sentences_of("features", classifier, features, [&](Session& s) { return s.features(views); });
    expect_sentences_of("preprocess", classifier, plain, [&](Session& s) { return s.preprocess(views); });
    expect_sentences_of("detect", detector, plain, [&](Session& s) { return s.detect(views); });
    expect_sentences_of("segment", segmenter, segments, [&](Session& s) { return s.segment(views[0]); });
  }
}

TEST(OutOfMemory, RunningTensors) {
  const std::vector<float> floats(2 * 8 * 8 * 3, 0.5f);
  const std::vector<std::int8_t> integers(floats.size(), 3);
  const std::int64_t shape[] = {2, 8, 8, 3};
  const TensorView float_input{"input", DataType::f32, shape, floats.data(), floats.size() * sizeof(float)};
  const TensorView integer_input{"input", DataType::i8, shape, integers.data(), integers.size()};
  for (const Device device : devices_of_the_host()) {
    expect_sentences_of("run floats", small_graph(small_float_graph()), options(device), [&](Session& s) {
      return s.run({&float_input, 1});
    });
    expect_sentences_of("run integers", small_graph(small_i8_graph()), options(device), [&](Session& s) {
      return s.run({&integer_input, 1});
    });
  }
}

TEST(OutOfMemory, TensorsForOtherLibraries) {
  const std::vector<float> floats(6);
  const std::int64_t shape[] = {2, 3};
  const TensorView view{"tensor", DataType::f32, shape, floats.data(), floats.size() * sizeof(float)};
  expect_sentences("to DLPack", [&]() -> Call { return [&] { return error_of(to_dlpack(view, nullptr)); }; });
}

#if MOBILENET_TESTS_HAVE_CODECS
TEST(OutOfMemory, DecodingPictures) {
  const TemporaryFolder folder;
  for (const NamedFile& file : one_file_of_each_kind(19, 13)) {
    if (file.name == "lossless WebP") continue;  // libwebp 1.2.4 itself reads a table that it could not allocate
    if (file.name.ends_with("TIFF")) continue;   // libtiff 4.5.0 reads a directory that it could not allocate,
    if (file.name == "HEIC") continue;           // libheif 1.15.1 leaks,
    if (file.name.ends_with("AVIF")) continue;   // and libavif 0.11.1 calls abort()
    expect_sentences(file.name.c_str(), [&] { return [&] { return error_of(Image::decode(file.bytes)); }; });
    const std::filesystem::path path = folder.path() / "picture";
    folder.write("picture", {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()});
    expect_sentences((file.name + " from a file").c_str(), [&] { return [&] { return error_of(Image::open(path)); }; });
  }
}
#endif

#if MOBILENET_TESTS_HAVE_EVALUATE
TEST(OutOfMemory, Evaluating) {
  const TemporaryFolder folder;
  folder.write("truth.json", R"({"info": {"deep": [[1]]}, "images": [{"id": 1, "file_name": "a.jpg"}, {"id": "b"}],
      "categories": [{"id": 1, "name": "cat"}], "annotations": [{"id": 1, "image_id": 1, "category_id": 1,
      "bbox": [1, 2, 3, 4], "area": 12, "segmentation": [[1, 2, 3]], "iscrowd": 0}]})");
  folder.write("results.json", R"([{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}])");
  folder.write("classes.csv", "image,label\na picture with a long name.jpg,cat\nb.jpg,0\n");
  const std::filesystem::path root = folder.path(), truth = root / "truth.json", results = root / "results.json",
                              classes = root / "classes.csv";
  const Detection found[] = {{0, "cat", 0.9f, 1, 2, 4, 6}};
  ModelInfo info;
  info.classes = 1;
  info.labels = {"cat"};
  expect_sentences("COCO's files", [&] {
    return [&]() -> std::optional<Error> {
      auto evaluation = CocoEvaluation::read(truth);
      if (!evaluation) return evaluation.error();
      if (auto matched = evaluation->match_classes(info); !matched) return matched.error();
      if (auto added = evaluation->add(0, found); !added) return added.error();
      if (auto added = evaluation->add_results(results); !added) return added.error();
      return error_of(evaluation->result());
    };
  });
  expect_sentences("COCO's results", [&] {
    return [&] { return error_of(CocoResults().add("a picture with a long name.jpg", found)); };
  });
  expect_sentences("classes", [&] { return [&] { return error_of(TrueClasses::read(classes, info)); }; });
}
#endif

#if MOBILENET_TESTS_HAVE_LIVE
// Frames with more and more in them.
TEST(OutOfMemory, FollowingFrames) {
  static const Detection objects[] = {
      {0, "cat", 0.9f, 1, 2, 4, 6}, {1, "dog", 0.3f, 1, 2, 4, 6}, {1, "dog", 0.9f, 9, 2, 12, 6}};
  static const Classification classes[] = {{0, "cat", 0.5f}, {1, "dog", 0.3f}, {2, "owl", 0.2f}};
  static const std::uint8_t mask[12] = {};
  const auto frames = [](auto update) -> std::optional<Error> {
    double seconds = 0;
    for (const std::size_t count : {1, 1, 2, 2, 3, 3})
      if (auto error = error_of(update(count, seconds += 0.1))) return error;
    return std::nullopt;
  };
  expect_sentences("tracks", [&] {
    return [&]() -> std::optional<Error> {
      auto tracker = Tracker::create();
      if (!tracker) return tracker.error();
      return frames([&](std::size_t count, double now) { return tracker->update(std::span(objects, count), now); });
    };
  });
  expect_sentences("classes", [&] {
    return [&]() -> std::optional<Error> {
      auto smoother = ClassSmoother::create();
      if (!smoother) return smoother.error();
      return frames([&](std::size_t count, double now) { return smoother->update(std::span(classes, count), now); });
    };
  });
  expect_sentences("masks", [&] {
    return [&]() -> std::optional<Error> {
      auto smoother = MaskSmoother::create();
      if (!smoother) return smoother.error();
      return frames([&](std::size_t count, double now) {
        return smoother->update({static_cast<int>(count), 4, std::span(mask, count * 4), {}, {}}, now);
      });
    };
  });
}
#endif

}  // namespace
}  // namespace mobilenet::testing
