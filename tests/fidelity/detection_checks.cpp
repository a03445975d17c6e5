// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Detectors against TensorFlow Lite: raw tensors, the boxes and scores that it makes of them, and its detections on 64
// photographs. And PoseNet, whose decoder is not ours, to the tensors before it.

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "fidelity/comparison.h"
#include "fidelity/matched_boxes.h"
#include "fidelity/recorded_runs.h"

namespace mobilenet::testing {
namespace {

struct Detector {
  const char* file;
  double absolute, relative;  // largest differences of a float
};

// Boxes and scores of quantised networks come from equal integers through float32 arithmetic of a few steps.
constexpr double kDecodedTolerance = 1e-5;
// Another order of float32 additions over 50 layers of half-precision weights; raw boxes reach 10.
constexpr double kFloatNetworkTolerance = 1e-4;

const Detector kDetectors[] = {
    {"coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite", kDecodedTolerance, INFINITY},
    {"mobile_object_localizer_v1_1_meta.tflite", kDecodedTolerance, INFINITY},
    {"object_detection_ssd_mobilenetv2_oidv4_fp16.tflite", INFINITY, kFloatNetworkTolerance},
};

// What counts as the same detection, and how many of those with at least kScore must be found on the other side.
constexpr double kSameScore = 0.05, kScore = 0.5, kShare = 0.99;
constexpr SameBox kSame{.overlap = 0.9, .score = kSameScore, .least_score = kScore};

std::filesystem::path data() { return test_data().value(); }

Outcome compare_raw(const Detector& detector, std::span<const RecordedRun> runs, Device device) {
  const Differences differences = replay(Model::open(data() / "models" / detector.file).value(), runs, device);
  return {differences.floats > 0 && differences.different_bytes == 0 && differences.absolute <= detector.absolute &&
              differences.relative <= detector.relative,
          describe(differences)};
}

// COCO's results file, by picture.
std::map<int, std::vector<Box>> read_coco_results(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::map<int, std::vector<Box>> boxes;
  for (const auto& result : nlohmann::json::parse(file)) {
    const auto box = result.at("bbox").get<std::vector<double>>();  // left, top, width, height
    boxes[result.at("image_id")].push_back({result.at("category_id").get<int>() - 1, result.at("score"), box.at(0),
                                            box.at(1), box.at(0) + box.at(2), box.at(1) + box.at(3)});
  }
  return boxes;
}

Outcome compare_photographs(const std::string& name, const std::string& results) {
  const Model model = Model::open(data() / "models" / name).value();
  // Boxes a little below the limit may be matched by those a little above it.
  Session session = model.session({.score_threshold = static_cast<float>(kScore - kSameScore)}).value();
  auto expected = read_coco_results(data() / "expected/coco_detections" / results);
  Share of_theirs, of_ours;
  std::size_t pictures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data() / "images/coco")) {
    if (entry.path().extension() != ".jpg") continue;
    const Image image = Image::open(entry.path()).value();
    std::vector<Box> ours;
    for (const Detection& d : session.detect(image).value()) ours.push_back(box_of(d));
    const std::vector<Box>& theirs = expected[std::stoi(entry.path().stem().string())];
    match(theirs, ours, kSame, of_theirs);
    match(ours, theirs, kSame, of_ours);
    ++pictures;
  }
  return {of_theirs.enough(kShare) && of_ours.enough(kShare),
          "theirs " + of_theirs.text() + ", ours " + of_ours.text() + ", " + std::to_string(pictures) + " pictures"};
}

// The decoder of its poses is an operator of its own; what goes into it are the outputs.
Outcome compare_pose_tensors() {
  const Model model = Model::open(data() / "models/posenet_mobilenet_v1_075_353_481_16_quant_decoder.tflite").value();
  const TensorInfo& input = model.info().inputs.at(0);
  const Image image = Image::open(data() / "images/photos/test_image.bmp").value();
  const ImageView picture = image;
  Session ours = model.session().value(), truth = model.session({.device = Device::reference}).value();
  const TensorView view = ours.preprocess({&picture, 1}).value();
  const std::vector<std::byte> copy(static_cast<const std::byte*>(view.data),
                                    static_cast<const std::byte*>(view.data) + view.bytes);
  const TensorView same{input.name, view.type, input.shape, copy.data(), copy.size(), 0, 0};
  const auto a = ours.run({&same, 1}).value(), b = truth.run({&same, 1}).value();
  std::size_t different = 0, total = 0;
  std::string names;
  for (std::size_t i = 0; i < a.size(); ++i) {
    names += (names.empty() ? "" : ", ") + std::string(a[i].name) + " " + std::string(name_of(a[i].type));
    total += a[i].bytes;
    for (std::size_t k = 0; k < a[i].bytes; ++k)
      different += static_cast<const std::byte*>(a[i].data)[k] != static_cast<const std::byte*>(b[i].data)[k];
  }
  return {a.size() == b.size() && total > 0 && different == 0,
          std::to_string(different) + " of " + std::to_string(total) + " bytes differ: " + names};
}

}  // namespace

std::vector<Check> detection_checks() {
  std::vector<Check> checks;
  const auto runs = recorded_runs();
  for (const Detector& detector : kDetectors) {
    const std::vector<RecordedRun>& all = runs.at(detector.file);
    checks.push_back({detector.file,
                      "raw and decoded tensors against TensorFlow Lite, cpu, " + std::to_string(all.size()) + " inputs",
                      [detector, all] { return compare_raw(detector, all, Device::cpu); }});
    checks.push_back({detector.file, "the same, reference, 1 input",
                      [detector, all] { return compare_raw(detector, std::span(all).first(1), Device::reference); }});
  }
  const std::string coco = "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29";
  checks.push_back({coco + ".tflite", "detections of score 0.5 or more on 64 photographs (IoU 0.9, score 0.05)",
                    [coco] { return compare_photographs(coco + ".tflite", coco + ".json"); }});
  checks.push_back({"posenet_mobilenet_v1_075_353_481_16_quant_decoder.tflite",
                    "tensors before its decoder, cpu against reference", compare_pose_tensors});
  return checks;
}

}  // namespace mobilenet::testing
