// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Real quantised classifiers: every byte equals TensorFlow Lite's, on every instruction set, for one and three threads.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "backend/cpu/every_isa.h"
#include "backend/cpu/program/cpu_backend.h"
#include "backend/packed.h"
#include "base/file_bytes.h"
#include "formats/formats.h"
#include "support/test_data.h"

namespace mobilenet::testing {
namespace {

constexpr const char* kModels[] = {
    "mobilenet_v1_0.25_128_quant.tflite",
    "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite",
    "mobilenet_v2_1.0_224_quant.tflite",
    "tf2_mobilenet_v2_1.0_224_ptq.tflite",
};

LoadedModel open(const std::filesystem::path& path) {
  const auto file = FileBytes::read(path).value();
  return load_model({path.string(), path, file->bytes(), file}).value();
}

std::vector<char> read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Int8Models : public EveryIsa {};

TEST_P(Int8Models, EqualTensorFlowLite) {
  MOBILENET_NEEDS_TEST_DATA();
  const std::filesystem::path data = *test_data();
  std::ifstream manifest_file(data / "expected/tflite/manifest.json");
  const auto manifest = nlohmann::json::parse(manifest_file);
  for (const char* name : kModels) {
    const LoadedModel model = open(data / "models" / name);
    const auto weights = packed(cpu::cpu_backend(), model.network(), model.parameters(), Precision::source).value();
    CompileRequest request;
    request.input_shapes = {model.network().tensor(model.network().inputs[0]).shape};
    request.outputs = model.network().outputs;
    int compared = 0;
    for (const int threads : {1, 3}) {
      request.threads = threads;
      const auto program = cpu::cpu_backend().compile(weights, request).value();
      EXPECT_EQ(program->isa(), GetParam().isa);
      const auto execution = program->open({}).value();
      for (const auto& record : manifest.at("records")) {
        if (record.at("model") != name) continue;
        const std::string input = record.at("input"), output = record.at("outputs").at(0).at("file");
        SCOPED_TRACE(std::string(name) + ", " + input + ", threads " + std::to_string(threads));
        const std::vector<char> pixels = read(data / "expected/tflite/in" / input);
        const std::vector<char> expected = read(data / "expected/tflite/out" / output);
        const TensorMemory& in = execution->inputs()[0];
        ASSERT_EQ(pixels.size(), in.bytes);
        std::copy(pixels.begin(), pixels.end(), reinterpret_cast<char*>(in.data));
        EXPECT_TRUE(execution->run());
        const TensorMemory& out = execution->outputs()[0];
        const auto* bytes = reinterpret_cast<const char*>(out.data);
        EXPECT_TRUE(std::equal(bytes, bytes + out.bytes, expected.begin(), expected.end()));
        ++compared;
      }
    }
    EXPECT_GT(compared, 0) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, Int8Models, every_isa(), isa_test_name);

}  // namespace
}  // namespace mobilenet::testing
