// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// TensorFlow Lite: raw tensors of its own runtime, and its top-1 on 250 pictures.

#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "fidelity/comparison.h"

namespace mobilenet::testing {
namespace {

// Another order of float32 additions; measured 1e-6 on these networks, the promise leaves room for deeper ones.
constexpr double kFloatTolerance = 1e-4;

struct Record {
  std::string input;      // .u8, one byte per channel
  std::string transform;  // "u8" as is, "f" (x - 127.5) / 127.5, "raw" as float
  std::string output;
};

const std::vector<std::string> kClassifiers = {
    "mobilenet_v1_0.25_128_quant.tflite", "mobilenet_v1_0.25_224_1_default_1.tflite",
    "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite", "mobilenet_v2_1.0_224_quant.tflite",
    "tf2_mobilenet_v2_1.0_224_ptq.tflite"};

std::filesystem::path data() {
  const auto path = test_data();
  if (!path) throw std::runtime_error("no test data");
  return *path;
}

std::map<std::string, std::vector<Record>> read_manifest() {
  std::ifstream file(data() / "expected/tflite/manifest.json");
  const auto manifest = nlohmann::json::parse(file);
  std::map<std::string, std::vector<Record>> records;
  for (const auto& record : manifest.at("records"))
    records[record.at("model")].push_back(
        {record.at("input"), record.at("input_transform"), record.at("outputs").at(0).at("file")});
  return records;
}

std::vector<std::byte> transform(const std::vector<std::byte>& bytes, const std::string& how) {
  if (how == "u8") return bytes;
  std::vector<float> values;
  for (const std::byte byte : bytes) {
    const auto value = static_cast<float>(byte);
    values.push_back(how == "f" ? (value - 127.5f) / 127.5f : value);
  }
  std::vector<std::byte> result(values.size() * sizeof(float));
  std::memcpy(result.data(), values.data(), result.size());
  return result;
}

Outcome compare_raw(const std::string& name, const std::vector<Record>& records, Device device) {
  const Model model = Model::open(data() / "models" / name).value();
  Session session = model.session({.device = device}).value();
  const TensorInfo& input = model.info().inputs.at(0);
  std::size_t different = 0, total = 0;
  double worst = 0;
  bool same_top5 = true, integers = true;
  for (const Record& record : records) {
    const std::vector<std::byte> values =
        transform(read_bytes(data() / "expected/tflite/in" / record.input), record.transform);
    const TensorView view{input.name, input.type, input.shape, values.data(), values.size(), 0, 0};
    const TensorView output = session.run({&view, 1}).value()[0];
    const std::vector<std::byte> expected = read_bytes(data() / "expected/tflite/out" / record.output);
    if (output.bytes != expected.size())
      return {false, record.output + ": " + std::to_string(output.bytes) + " bytes, expected " +
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
  for (const auto& [name, records] : read_manifest()) {
    if (std::find(kClassifiers.begin(), kClassifiers.end(), name) == kClassifiers.end()) continue;
    for (const Device device : {Device::cpu, Device::reference})
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
  checks.push_back({"V1 1.0 224 u8 extractor + head, joined", "same top-1 as TensorFlow Lite on 250 pictures",
                    [] { return compare_pictures(joined_v1(), "mobilenet_v1_1.0_224_quant_joined.csv"); }});
  return checks;
}

}  // namespace mobilenet::testing
