// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Whole real networks on every backend against what TensorFlow Lite answered: integers byte for byte, floats within a
// tolerance. Needs the test data; skipped visibly without.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "backend/cpu/program/cpu_backend.h"
#include "backend/operator_cases.h"
#include "backend/reference/reference_backend.h"
#include "base/file_bytes.h"
#include "formats/formats.h"
#include "formats/tflite/load_tflite.h"
#include "support/test_data.h"

namespace mobilenet::testing {
namespace {

// Relative to the largest probability. TensorFlow Lite adds floats in another order; measured 1e-6 on this network.
constexpr double kFloatTolerance = 1e-4;

// What the network reads, from the picture's bytes.
std::vector<std::byte> input_from(std::span<const std::byte> picture, const std::string& transform) {
  if (transform == "u8") return {picture.begin(), picture.end()};
  std::vector<float> values;
  for (const std::byte byte : picture) values.push_back((static_cast<float>(byte) - 127.5f) / 127.5f);
  std::vector<std::byte> bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class RealModel : public ::testing::TestWithParam<const char*> {
 protected:
  void expect_same_outputs(const Backend& backend) {
    const std::filesystem::path folder = *test_data();
    const auto path = folder / "models" / GetParam();
    const auto file = FileBytes::read(path).value();
    const LoadedModel model = load_tflite({path.filename().string(), path, file->bytes(), file}).value();
    const nlohmann::json manifest = nlohmann::json::parse(std::ifstream(folder / "expected/tflite/manifest.json"));
    int compared = 0;
    for (const auto& record : manifest["records"]) {
      if (record["model"] != GetParam()) continue;
      const auto picture = FileBytes::read(folder / "expected/tflite/in" / record["input"]).value();
      const auto& output = record["outputs"][0];
      const auto expected = FileBytes::read(folder / "expected/tflite/out" / output["file"]).value();

      OperatorModel network;
      network.network = model.network();
      network.parameters = model.parameters();
      for (const TensorId id : model.network().inputs) network.input_shapes.push_back(model.network().tensor(id).shape);
      network.inputs = {input_from(picture->bytes(), record["input_transform"])};
      const auto got = run_on(backend, network);
      ASSERT_TRUE(got) << got.error().message;
      const OperatorOutput wanted{
          (*got)[0].type, (*got)[0].shape, {expected->bytes().begin(), expected->bytes().end()}};
      EXPECT_EQ(difference({(*got)[0]}, {wanted}, kFloatTolerance), "") << output["file"];
      ++compared;
    }
    EXPECT_GT(compared, 0);
  }
};

TEST_P(RealModel, OnReference) {
  MOBILENET_NEEDS_TEST_DATA();
  expect_same_outputs(reference_backend());
}

TEST_P(RealModel, OnCpu) {
  MOBILENET_NEEDS_TEST_DATA();
  expect_same_outputs(cpu::cpu_backend());
}

std::string test_name(const ::testing::TestParamInfo<const char*>& model) {
  std::string name = model.param;
  for (char& letter : name)
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(TensorFlowLite, RealModel,
                         ::testing::Values("mobilenet_v1_0.25_128_quant.tflite",
                                           "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite",
                                           "mobilenet_v2_1.0_224_quant.tflite", "tf2_mobilenet_v2_1.0_224_ptq.tflite",
                                           "mobilenet_v1_0.25_224_1_default_1.tflite"),
                         test_name);

}  // namespace
}  // namespace mobilenet::testing
