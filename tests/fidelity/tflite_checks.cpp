// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// TensorFlow Lite: raw tensors of its own runtime, and its top-1 on 250 pictures.

#include <cstring>
#include <stdexcept>

#include "fidelity/comparison.h"
#include "fidelity/recorded_runs.h"
#include "support/devices.h"

namespace mobilenet::testing {
namespace {

// Another order of float32 additions; measured 1e-6 on these networks, the promise leaves room for deeper ones.
constexpr double kFloatTolerance = 1e-4;

// Dynamic-range weights: how activations are quantised depends on the runtime's version, so only the best class is
// compared. On the picture of the cat the recorded runtime's best two (282 and 285, both cats) have probabilities less
// than this apart, and LiteRT 2.3.0 picks the other one: such a near-tie counts as equal.
constexpr float kNearTie = 0.02f;
const char* const kDynamicRange = "mobilenet_v3_small_keras_imagenet_dynamic_int8.tflite";

const std::vector<std::string> kClassifiers = {
    "mobilenet_v1_0.25_128_quant.tflite", "mobilenet_v1_0.25_224_1_default_1.tflite",
    "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite", "mobilenet_v2_1.0_224_quant.tflite",
    "tf2_mobilenet_v2_1.0_224_ptq.tflite"};

std::filesystem::path data() {
  const auto path = test_data();
  if (!path) throw std::runtime_error("no test data");
  return *path;
}

Outcome compare_raw(const std::string& name, const std::vector<RecordedRun>& records, Device device) {
  const Model model = Model::open(data() / "models" / name).value();
  Session session = model.session({.device = device}).value();
  const TensorInfo& input = model.info().inputs.at(0);
  std::size_t different = 0, total = 0;
  double worst = 0;
  bool same_top5 = true, integers = true;
  for (const RecordedRun& record : records) {
    const std::vector<std::byte> values = recorded_input(record);
    const TensorView view{input.name, input.type, input.shape, values.data(), values.size(), 0, 0};
    const TensorView output = session.run({&view, 1}).value()[0];
    const std::vector<std::byte> expected = recorded_output(record.tensors.at(0));
    if (output.bytes != expected.size())
      return {false, record.tensors[0].file + ": " + std::to_string(output.bytes) + " bytes, expected " +
                         std::to_string(expected.size())};
    integers = output.type != DataType::f32;
    total += expected.size();
    if (integers) {
      const auto* ours = static_cast<const std::byte*>(output.data);
      for (std::size_t i = 0; i < expected.size(); ++i) different += ours[i] != expected[i];
      continue;
    }
    std::vector<float> floats(expected.size() / sizeof(float));
    std::memcpy(floats.data(), expected.data(), expected.size());
    worst = std::max(worst, relative_difference(output.as<float>(), floats));
    const auto best_five = [](std::span<const float> scores) {
      std::vector<std::size_t> order(scores.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
      order.resize(std::min<std::size_t>(5, order.size()));
      return order;
    };
    same_top5 = same_top5 && best_five(output.as<float>()) == best_five(floats);
  }
  if (integers) return {different == 0, std::to_string(different) + " of " + std::to_string(total) + " bytes differ"};
  return {worst <= kFloatTolerance && same_top5,
          "relative difference " + scientific(worst) + (same_top5 ? ", same top-5" : ", another top-5")};
}

Outcome compare_best_class(const std::vector<RecordedRun>& runs, Device device) {
  const Model model = Model::open(data() / "models" / kDynamicRange).value();
  Session session = model.session({.device = device}).value();
  const TensorInfo& input = model.info().inputs.at(0);
  std::size_t agree = 0, ties = 0;
  for (const RecordedRun& run : runs) {
    const std::vector<std::byte> values = recorded_input(run);
    const TensorView view{input.name, input.type, input.shape, values.data(), values.size(), 0, 0};
    const std::span<const float> ours = session.run({&view, 1}).value()[0].as<float>();
    const std::vector<std::byte> bytes = recorded_output(run.tensors.at(0));
    std::vector<float> expected(bytes.size() / sizeof(float));
    std::memcpy(expected.data(), bytes.data(), bytes.size());
    if (ours.size() != expected.size()) return {false, run.tensors[0].file + ": another size"};
    const auto best = static_cast<std::size_t>(std::max_element(ours.begin(), ours.end()) - ours.begin());
    const float most = *std::max_element(expected.begin(), expected.end());
    agree += expected[best] > most - kNearTie;
    ties += expected[best] < most && expected[best] > most - kNearTie;
  }
  return {agree == runs.size(), std::to_string(agree) + " of " + std::to_string(runs.size()) + ", " +
                                    std::to_string(ties) + " of them by a near-tie"};
}

// The V1 1.0 extractor file and its head file, joined by the builder.
Model joined_v1() {
  const Model extractor = Model::open(data() / "models/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite").value();
  const Model head = Model::open(data() / "models/mobilenet_quant_v1_224_head_layers.tflite").value();
  NetworkBuilder builder(extractor);
  for (const Value output : builder.append(head, builder.layer(extractor.info().outputs.at(0).name)))
    builder.output(output);
  return builder.build().value();
}

Outcome compare_pictures(const Model& model, const std::string& csv) {
  Session session = model.session().value();
  std::size_t agree = 0;
  std::string first_miss;
  const auto answers = read_expected_answers(data() / "expected/imagenet_top5" / csv);
  for (const ExpectedAnswer& expected : answers) {
    const Image image = Image::open(data() / "images/imagenet" / expected.picture).value();
    if (same_best(expected, session.classify(image).value()[0].index))
      ++agree;
    else if (first_miss.empty())
      first_miss = "; first miss: " + expected.picture;
  }
  return {agree == answers.size(), std::to_string(agree) + " of " + std::to_string(answers.size()) + first_miss};
}

}  // namespace

std::vector<Check> tflite_checks() {
  std::vector<Check> checks;
  const auto runs = recorded_runs();
  for (const auto& [name, records] : runs) {
    if (std::find(kClassifiers.begin(), kClassifiers.end(), name) == kClassifiers.end()) continue;
    for (const Device device : every_device())
      checks.push_back({name,
                        "raw output against TensorFlow Lite, " + std::string(name_of(device)) + ", " +
                            std::to_string(records.size()) + " inputs",
                        [name = name, records = records, device] { return compare_raw(name, records, device); }});
  }
  for (const std::string& name : kClassifiers) {
    if (name.find("extractor") != std::string::npos) continue;
    checks.push_back({name, "same top-1 as TensorFlow Lite on 250 pictures", [name] {
                        return compare_pictures(Model::open(data() / "models" / name).value(), name + ".csv");
                      }});
  }
  for (const Device device : every_device())
    checks.push_back({kDynamicRange, "same top-1 as TensorFlow Lite, " + std::string(name_of(device)) + ", 4 inputs",
                      [all = runs.at(kDynamicRange), device] { return compare_best_class(all, device); }});
  checks.push_back({"V1 1.0 224 u8 extractor + head, joined", "same top-1 as TensorFlow Lite on 250 pictures",
                    [] { return compare_pictures(joined_v1(), "mobilenet_v1_1.0_224_quant_joined.csv"); }});
  return checks;
}

}  // namespace mobilenet::testing
