// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Hugging Face and timm: preprocessed pictures, hidden states and logits of files that the frameworks wrote themselves,
// with random weights and lively batch-norm statistics, so that a wrong epsilon or padding shows.

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "fidelity/comparison.h"
#include "support/devices.h"

namespace mobilenet::testing {
namespace {

// Another order of float32 additions over 50 layers.
constexpr double kLogitsTolerance = 1e-4;
// timm's tensors come from Pillow; float32 of the same operations in the same order.
constexpr double kTimmInputTolerance = 1e-6;
// Hugging Face's processor resizes with other code than Pillow and differs by one of 255 steps now and then.
constexpr double kHuggingFaceStep = 2.0 / 255 + 1e-6;
constexpr double kHuggingFaceEqualShare = 0.99;
// Of the pixels of a mask: at borders of regions the logits of two classes nearly tie.
constexpr double kSameMaskShare = 0.999;

const char* const kPictures[] = {"cat_720p", "parrot"};

std::filesystem::path folder(const std::string& name) { return *test_data() / "expected/frameworks" / name; }

Outcome compare_inputs(const std::string& name, bool timm) {
  Session session = Model::open(folder(name) / "model.safetensors").value().session().value();
  double largest = 0;
  std::size_t equal = 0, total = 0;
  for (const std::string picture : kPictures) {
    const Image image = Image::open(*test_data() / "images/photos" / (picture + ".jpg")).value();
    const ImageView view = image;
    const std::span<const float> ours = session.preprocess({&view, 1}).value().as<float>();
    const FloatArray expected = read_npy(folder(name) / ("input_" + picture + ".npy"));
    if (ours.size() != expected.values.size()) return {false, "another size"};
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const double difference = std::abs(static_cast<double>(ours[i]) - static_cast<double>(expected.values[i]));
      largest = std::max(largest, difference);
      equal += difference <= kTimmInputTolerance;
    }
    total += ours.size();
  }
  const double share = static_cast<double>(equal) / static_cast<double>(total);
  char text[96];
  std::snprintf(text, sizeof(text), "%.3f %% equal, largest difference %.1e", 100 * share, largest);
  const bool passed =
      timm ? largest <= kTimmInputTolerance : largest <= kHuggingFaceStep && share >= kHuggingFaceEqualShare;
  return {passed, text};
}

Outcome compare_logits(const std::string& name, Device device) {
  const Model model = Model::open(folder(name) / "model.safetensors").value();
  Session session = model.session({.device = device}).value();
  double worst = 0;
  for (const std::string picture : kPictures) {
    const FloatArray input = read_npy(folder(name) / ("input_" + picture + ".npy"));
    const FloatArray expected = read_npy(folder(name) / ("logits_" + picture + ".npy"));
    const TensorView view = view_of(input, model.info().inputs.at(0).name);
    const TensorView logits = session.run({&view, 1}).value()[0];
    worst =
        std::max(worst, logits.name == "logits" ? relative_difference(logits.as<float>(), expected.values) : INFINITY);
  }
  return {worst <= kLogitsTolerance, "relative difference " + scientific(worst)};
}

// Of the logits, enlarged to the input as Hugging Face's post-processing does.
Outcome compare_masks(const std::string& name, Device device) {
  const Model model = Model::open(folder(name) / "model.safetensors").value();
  Session session = model.session({.device = device}).value();
  std::size_t same = 0, total = 0;
  for (const std::string picture : kPictures) {
    const FloatArray input = read_npy(folder(name) / ("input_" + picture + ".npy"));
    const FloatArray expected = read_npy(folder(name) / ("logits_" + picture + ".npy"));
    const TensorView view = view_of(input, model.info().inputs.at(0).name);
    const std::span<const float> logits = session.run({&view, 1}).value()[0].as<float>();
    if (logits.size() != expected.values.size()) return {false, "another size"};
    const auto classes = static_cast<int>(expected.shape[1]), side = static_cast<int>(expected.shape[2]);
    const auto size = static_cast<int>(input.shape[2]);
    total += static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
    same += equal_pixels({logits, classes, side, size}, {expected.values, classes, side, size});
  }
  const double share = static_cast<double>(same) / static_cast<double>(total);
  char text[96];
  std::snprintf(text, sizeof(text), "%.3f %% of %zu pixels", 100 * share, total);
  return {share >= kSameMaskShare, text};
}

// Mean, deviation and first values of every hidden state, relative to the state's own deviation.
Outcome compare_hidden(const std::string& name, Device device) {
  const Model model = Model::open(folder(name) / "model.safetensors").value();
  double worst = 0;
  std::size_t states = 0;
  for (const std::string picture : kPictures) {
    std::ifstream file(folder(name) / ("hidden_" + picture + ".json"));
    const auto expected = nlohmann::json::parse(file);
    states = expected.size();
    SessionOptions options{.device = device};
    for (std::size_t i = 0; i < states; ++i) options.tensors.push_back("hidden_" + std::to_string(i));
    Session session = model.session(options).value();
    const FloatArray input = read_npy(folder(name) / ("input_" + picture + ".npy"));
    const TensorView view = view_of(input, model.info().inputs.at(0).name);
    const auto outputs = session.run({&view, 1}).value();
    for (std::size_t i = 0; i < states; ++i) {
      const TensorView& ours = outputs[outputs.size() - states + i];
      const auto shape = expected[i].at("shape").get<std::vector<std::int64_t>>();
      if (!std::equal(shape.begin(), shape.end(), ours.shape.begin(), ours.shape.end()))
        return {false, "hidden_" + std::to_string(i) + ": another shape"};
      double sum = 0, squares = 0;
      for (const float value : ours.as<float>()) sum += value;
      const double count = static_cast<double>(ours.as<float>().size()), mean = sum / count;
      for (const float value : ours.as<float>()) squares += (value - mean) * (value - mean);
      const double deviation = expected[i].at("std").get<double>();
      // The framework divides by count or count - 1; both are far inside the tolerance of the larger states, so the
      // nearer one counts.
      const double ours_n = std::sqrt(squares / count), ours_n1 = std::sqrt(squares / (count - 1));
      worst = std::max(worst, std::min(std::abs(ours_n - deviation), std::abs(ours_n1 - deviation)) / deviation);
      worst = std::max(worst, std::abs(mean - expected[i].at("mean").get<double>()) / deviation);
      const auto first = expected[i].at("first").get<std::vector<double>>();
      double largest = deviation;
      for (const double value : first) largest = std::max(largest, std::abs(value));
      for (std::size_t k = 0; k < first.size(); ++k)
        worst = std::max(worst, std::abs(ours.as<float>()[k] - first[k]) / largest);
    }
  }
  return {worst <= kLogitsTolerance, std::to_string(states) + " states, relative difference " + scientific(worst)};
}

}  // namespace

std::vector<Check> framework_checks() {
  struct Source {
    const char* folder;
    bool timm;
  };
  std::vector<Check> checks;
  for (const Source source : {Source{"hf_mobilenet_v1_0.25_128", false}, Source{"hf_mobilenet_v2_0.35_96", false},
                              Source{"hf_deeplab_v2_0.35_257_os8", false}, Source{"timm_mobilenetv2_035", true}}) {
    const std::string name = source.folder, from = source.timm ? "timm" : "Hugging Face";
    checks.push_back(
        {name, "preprocessed pictures against " + from, [name, source] { return compare_inputs(name, source.timm); }});
    for (const Device device : every_device()) {
      const std::string where = ", " + std::string(name_of(device));
      checks.push_back(
          {name, "logits against " + from + where, [name, device] { return compare_logits(name, device); }});
      if (name.find("deeplab") != std::string::npos)
        checks.push_back(
            {name, "mask of those logits" + where, [name, device] { return compare_masks(name, device); }});
      if (!source.timm)
        checks.push_back(
            {name, "hidden states against " + from + where, [name, device] { return compare_hidden(name, device); }});
    }
  }
  return checks;
}

}  // namespace mobilenet::testing
