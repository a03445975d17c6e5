// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What stands between the last map and the answer in timm's networks: every global_pool, with and without a classifier,
// against its formula on the map that the network leaves.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "formats/safetensors/safetensors_file.h"
#include "formats/safetensors/tensor_list.h"
#include "formats/weights/framework_weights.h"
#include "support/devices.h"

namespace mobilenet {
namespace {

using testing::TemporaryFolder;
using testing::TensorList;

constexpr double kTolerance = 1e-5;  // of sums in another order, relative to the largest number
constexpr int kClasses = 5;

struct Pooled {
  std::vector<double> averages, maxima;
};

// Of one picture's map [channels][pixels].
Pooled pool(std::span<const float> map, std::size_t channels) {
  Pooled pooled;
  const std::size_t pixels = map.size() / channels;
  for (std::size_t c = 0; c < channels; ++c) {
    const auto channel = map.subspan(c * pixels, pixels);
    double sum = 0;
    for (const float value : channel) sum += static_cast<double>(value);
    pooled.averages.push_back(sum / static_cast<double>(pixels));
    pooled.maxima.push_back(static_cast<double>(*std::max_element(channel.begin(), channel.end())));
  }
  return pooled;
}

std::vector<double> row_of(const std::string& pooling, const Pooled& pooled) {
  std::vector<double> row = pooled.averages;
  if (pooling == "max") row = pooled.maxima;
  if (pooling == "avgmax")
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = 0.5 * (row[c] + pooled.maxima[c]);
  if (pooling == "catavgmax") row.insert(row.end(), pooled.maxima.begin(), pooled.maxima.end());
  return row;
}

std::vector<float> floats_of(const TensorList& list, const std::string& name) {
  for (const testing::ListedTensor& tensor : list.tensors)
    if (tensor.name == name) {
      std::vector<float> values(tensor.bytes.size() / sizeof(float));
      std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
      return values;
    }
  return {};
}

void expect_near(std::span<const float> got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  ASSERT_GT(largest, 0);
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(static_cast<double>(got[i]), expected[i], kTolerance * largest) << i;
}

// A narrow V1 as timm saves it, with a classifier that fits the pooling.
TensorList network(const std::string& pooling, int classes) {
  const ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.05, 64, classes);
  TensorList list = TensorList::of(testing::timm(spec, {1, 2, 2, 6, 2}).bytes());
  for (testing::ListedTensor& tensor : list.tensors)
    if (tensor.name == "classifier.weight" && pooling == "catavgmax")
      tensor = TensorList().add(tensor.name, {tensor.shape[0], 2 * tensor.shape[1]}).tensors[0];
  return list.fill();
}

// Several pictures of one size through a network, and each picture's answer compared.
void check(const Model& model, Device device, const std::string& pooling, const TensorList& weights, std::int64_t side,
           std::int64_t batch) {
  SessionOptions options;
  options.device = device;
  options.tensors = {"pointwise13"};
  Session session = model.session(options).value();
  const std::vector<std::int64_t> shape{batch, 3, side, side + 32};
  std::vector<float> input(static_cast<std::size_t>(batch * 3 * side * (side + 32)));
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = std::sin(0.37f * static_cast<float>(i % 4099));
  const TensorView view{"input", DataType::f32, shape, input.data(), input.size() * sizeof(float)};
  const auto outputs = session.run({&view, 1}).value();
  const std::span<const float> answers = outputs[0].as<float>(), maps = outputs[1].as<float>();
  const auto channels = static_cast<std::size_t>(outputs[1].shape[1]);
  const std::size_t one = maps.size() / static_cast<std::size_t>(batch);
  const std::vector<float> filter = floats_of(weights, "classifier.weight"),
                           bias = floats_of(weights, "classifier.bias");
  for (std::size_t picture = 0; picture < static_cast<std::size_t>(batch); ++picture) {
    const auto map = maps.subspan(picture * one, one);
    std::vector<double> expected(map.begin(), map.end());
    if (!pooling.empty()) expected = row_of(pooling, pool(map, channels));
    if (!filter.empty()) {
      const std::vector<double> row = expected;
      expected.assign(bias.begin(), bias.end());
      for (std::size_t k = 0; k < expected.size(); ++k)
        for (std::size_t c = 0; c < row.size(); ++c)
          expected[k] += row[c] * static_cast<double>(filter[k * row.size() + c]);
    }
    const std::size_t count = answers.size() / static_cast<std::size_t>(batch);
    expect_near(answers.subspan(picture * count, count), expected);
  }
}

TEST(TimmPooling, IsItsFormulaAtAnySize) {
  for (const std::string pooling : {"avg", "max", "avgmax", "catavgmax", ""})
    for (const int classes : {kClasses, 0}) {
      if (pooling.empty() && classes > 0) continue;
      const TensorList weights = network(pooling, classes);
      const TemporaryFolder folder;
      folder.write("model.safetensors", weights.file());
      folder.write("config.json", R"({"architecture": "mobilenetv1_100", "global_pool": ")" + pooling + "\"}");
      const auto model = Model::open(folder.path() / "model.safetensors");
      ASSERT_TRUE(model) << model.error().message;
      ASSERT_TRUE(model->save(folder.path() / "saved.safetensors", DataType::f32));
      const Model saved = Model::open(folder.path() / "saved.safetensors").value();
      for (const Device device : testing::every_device())
        for (const std::int64_t side : {32, 64, 224})
          for (const std::int64_t batch : {1, 3}) {
            SCOPED_TRACE("global_pool '" + pooling + "', classes " + std::to_string(classes) + ", " +
                         std::to_string(batch) + " x " + std::to_string(side));
            check(*model, device, pooling, weights, side, batch);
            if (side == 64) check(saved, device, pooling, weights, side, batch);
          }
    }
}

}  // namespace
}  // namespace mobilenet
