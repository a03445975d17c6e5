// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What fewer bits change of the answers in f32 on a processor, on real weights and pictures: products in bf16, once or
// three times, there, and halves on a GPU.

#include "fidelity/comparison.h"
#include "fidelity/matched_boxes.h"

namespace mobilenet::testing {
namespace {

constexpr double kSameClass = 0.99, kSamePixels = 0.995, kSameBoxes = 0.99;
// In bf16 of a network of a quarter of the width, whose best classes are often nearly equal.
constexpr double kSameClassOfANarrowOne = 0.97;
constexpr SameBox kSame{.overlap = 0.95, .score = 0.05, .least_score = 0.5};

std::filesystem::path data() { return test_data().value(); }

std::vector<std::filesystem::path> pictures(const char* folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(data() / "images" / folder))
    if (entry.path().extension() == ".jpg" || entry.path().extension() == ".JPEG") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

struct Way {
  Device device = Device::cpu;
  Precision precision = Precision::f32;
};

struct Sessions {
  Session f32, fast;
};

Sessions sessions(const std::filesystem::path& file, Way way, SessionOptions options) {
  const Model model = Model::open(file).value();
  options.device = Device::cpu, options.precision = Precision::f32;
  Session f32 = model.session(options).value();
  options.device = way.device, options.precision = way.precision;
  return {std::move(f32), model.session(options).value()};
}

Outcome compare_classes(const std::filesystem::path& file, Way way, double share) {
  Sessions both = sessions(file, way, {.top = 1});
  Share same;
  double largest = 0;
  for (const std::filesystem::path& path : pictures("imagenet")) {
    const Image image = Image::open(path).value();
    const Classification exact = both.f32.classify(image).value()[0], fast = both.fast.classify(image).value()[0];
    ++same.total;
    same.found += exact.index == fast.index;
    if (exact.index == fast.index) largest = std::max(largest, std::abs(static_cast<double>(exact.score - fast.score)));
  }
  return {same.enough(share), same.text() + ", largest difference of a score " + scientific(largest)};
}

Outcome compare_boxes(const std::filesystem::path& file, Way way) {
  // Boxes a little below the limit may be matched by those a little above it.
  Sessions both = sessions(file, way, {.score_threshold = static_cast<float>(kSame.least_score - kSame.score)});
  Share of_exact, of_fast;
  const auto boxes = [](Session& session, const Image& image) {
    std::vector<Box> found;
    for (const Detection& d : session.detect(image).value()) found.push_back(box_of(d));
    return found;
  };
  for (const std::filesystem::path& path : pictures("coco")) {
    const Image image = Image::open(path).value();
    const std::vector<Box> exact = boxes(both.f32, image), fast = boxes(both.fast, image);
    match(exact, fast, kSame, of_exact);
    match(fast, exact, kSame, of_fast);
  }
  return {of_exact.enough(kSameBoxes) && of_fast.enough(kSameBoxes),
          "of f32 " + of_exact.text() + ", of it " + of_fast.text()};
}

Outcome compare_masks(const std::filesystem::path& file, Way way) {
  Sessions both = sessions(file, way, {});
  Share same;
  for (const std::filesystem::path& path : pictures("coco")) {
    const Image image = Image::open(path).value();
    const Segmentation exact = both.f32.segment(image).value(), fast = both.fast.segment(image).value();
    for (std::size_t i = 0; i < exact.mask.size(); ++i) same.found += exact.mask[i] == fast.mask[i];
    same.total += exact.mask.size();
  }
  return {same.enough(kSamePixels), same.text() + " pixels"};
}

// `narrow`: the share of same classes that is asked of a network of a quarter of the width.
std::vector<Check> checks_of(Way way, const std::string& name, double narrow) {
  const auto path = [](const char* file) { return data() / "models" / file; };
  const char* const kClassifier = "mobilenet_v1_0.25_224_1_default_1.tflite";
  const char* const kDetector = "object_detection_ssd_mobilenetv2_oidv4_fp16.tflite";
  const char* const kVocDetector = "ssdlite_mobilenetv2_voc_int8.safetensors";
  const char* const kSegmenter = "deeplabv3_257_mv_gpu.tflite";
  return {
      {"default model, bundled float16", name + ": same top-1 as f32 on the pictures of imagenet",
       [=] {
         return compare_classes(std::filesystem::path(MOBILENET_SOURCE_DIR) / "models/mobilenet_v2_202.safetensors",
                                way, kSameClass);
       }},
      {kClassifier, "the same", [=] { return compare_classes(path(kClassifier), way, narrow); }},
      {kDetector, name + ": detections of f32 of score 0.5 or more on 64 photographs (IoU 0.95, score 0.05)",
       [=] { return compare_boxes(path(kDetector), way); }},
      {kVocDetector, "the same", [=] { return compare_boxes(path(kVocDetector), way); }},
      {kSegmenter, name + ": masks of f32 on 64 photographs", [=] { return compare_masks(path(kSegmenter), way); }},
  };
}

}  // namespace

bool computes(Device device, Precision precision) {
  const SessionOptions options{.device = device, .precision = precision};
  return Model::random("mobilenet_v1:0.25:32:2").value().session(options).has_value();
}

std::vector<Check> precision_checks() {
  std::vector<Check> checks;
  const auto add = [&](Way way, const std::string& name, double narrow) {
    if (!computes(way.device, way.precision)) return;
    for (Check& check : checks_of(way, name, narrow)) checks.push_back(std::move(check));
  };
  add({Device::cpu, Precision::bf16x3}, "bf16x3", kSameClass);
  add({Device::cpu, Precision::bf16}, "bf16", kSameClassOfANarrowOne);
  add({Device::cuda, Precision::f16}, "f16 on a GPU", kSameClass);
  return checks;
}

}  // namespace mobilenet::testing
