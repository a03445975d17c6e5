// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Segmenters against TensorFlow Lite: logits and masks, a published golden mask, and the masks that a session makes of
// pictures that already have the network's size.

#include <stdexcept>

#include "fidelity/comparison.h"
#include "fidelity/recorded_runs.h"

namespace mobilenet::testing {
namespace {

struct Segmenter {
  const char* file;
  int side;              // of its input
  const char* enlarged;  // the tensor of scores at that size
};

constexpr Segmenter kSegmenters[] = {
    {"deeplabv3_257_mv_gpu.tflite", 257, "ResizeBilinear_3"},
    {"deeplabv3_mnv2_pascal_quant.tflite", 513, "ResizeBilinear_2"},
    {"deeplabv3_mnv2_ade20k_int8.tflite", 512, "ResizeBilinear_1"},
};

// Another order of float32 operations at the borders of regions.
constexpr double kSameFloatMaskShare = 0.999;

std::filesystem::path data() { return test_data().value(); }

Outcome compare_raw(const Segmenter& segmenter, std::span<const RecordedRun> runs, Device device) {
  const Differences d = replay(Model::open(data() / "models" / segmenter.file).value(), runs, device);
  return {d.pixels > 0 && d.different_pixels == 0 && d.different_bytes == 0, describe(d)};
}

// A recorded input as the picture it was, and as bytes.
struct Picture {
  std::vector<std::byte> pixels;
  ImageView view;
};

Picture picture_of(const RecordedRun& run, int side) {
  RecordedRun bytes = run;
  bytes.transform = "u8";
  Picture picture{recorded_input(bytes), {}};
  picture.view = ImageView::packed(picture.pixels.data(), PixelFormat::rgb, side, side);
  return picture;
}

Outcome share_of(std::size_t equal, std::size_t total, double needed) {
  const double share = total > 0 ? static_cast<double>(equal) / static_cast<double>(total) : 0;
  char text[96];
  std::snprintf(text, sizeof(text), "%.3f %% of %zu pixels", 100 * share, total);
  return {share >= needed, text};
}

Outcome compare_session_mask(const Segmenter& segmenter, std::span<const RecordedRun> runs) {
  const Model model = Model::open(data() / "models" / segmenter.file).value();
  const TensorInfo& input = model.info().inputs.at(0);
  Session session = model.session().value(), graph = model.session({.tensors = {segmenter.enlarged}}).value();
  std::size_t same = 0, total = 0;
  for (const RecordedRun& run : runs) {
    const Picture picture = picture_of(run, segmenter.side);
    const Segmentation ours = session.segment(picture.view).value();
    const std::vector<std::byte> values = recorded_input(run);
    const TensorView view{input.name, input.type, input.shape, values.data(), values.size(), 0, 0};
    const std::vector<int> classes = classes_of(graph.run({&view, 1}).value().back());
    if (ours.mask.size() != classes.size()) return {false, "a mask of another size"};
    total += classes.size();
    for (std::size_t i = 0; i < classes.size(); ++i) same += ours.mask[i] == classes[i];
  }
  return share_of(same, total, input.type == DataType::f32 ? kSameFloatMaskShare : 1);
}

// The golden mask holds ten times the class.
Outcome compare_golden_mask(std::span<const RecordedRun> runs) {
  constexpr int kStep = 10;
  const Model model = Model::open(data() / "models" / kSegmenters[0].file).value();
  const auto run = std::find_if(runs.begin(), runs.end(), [](const RecordedRun& r) {
    return r.input.find("segmentation_input_rotation0") != std::string::npos;
  });
  if (run == runs.end()) return {false, "its input was not recorded"};
  Session session = model.session().value();
  const std::vector<std::byte> values = recorded_input(*run);
  const TensorInfo& input = model.info().inputs.at(0);
  const TensorView view{input.name, input.type, input.shape, values.data(), values.size(), 0, 0};
  const std::vector<int> classes = classes_of(session.run({&view, 1}).value()[0]);
  const Image golden = Image::open(data() / "expected/other/segmentation_golden_rotation0.png").value();
  const ImageView pixels = golden;
  const auto* red = static_cast<const std::uint8_t*>(pixels.planes[0]);
  if (static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.height) != classes.size())
    return {false, "the golden mask has another size"};
  std::size_t equal = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) equal += red[3 * i] == kStep * classes[i];
  return share_of(equal, classes.size(), 1);
}

}  // namespace

std::vector<Check> segmentation_checks() {
  std::vector<Check> checks;
  const auto runs = recorded_runs();
  for (const Segmenter& segmenter : kSegmenters) {
    const std::vector<RecordedRun>& all = runs.at(segmenter.file);
    const std::string count = std::to_string(all.size()) + " inputs";
    checks.push_back({segmenter.file, "logits and mask against TensorFlow Lite, cpu, " + count,
                      [segmenter, all] { return compare_raw(segmenter, all, Device::cpu); }});
    checks.push_back({segmenter.file, "the same, reference, 1 input",
                      [segmenter, all] { return compare_raw(segmenter, std::span(all).first(1), Device::reference); }});
    checks.push_back({segmenter.file, "segment() of a picture of the input's size against the graph's mask, " + count,
                      [segmenter, all] { return compare_session_mask(segmenter, all); }});
  }
  checks.push_back({kSegmenters[0].file, "golden mask of the picture rotation0",
                    [all = runs.at(kSegmenters[0].file)] { return compare_golden_mask(all); }});
  return checks;
}

}  // namespace mobilenet::testing
