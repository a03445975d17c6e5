// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Truncated and altered files: each loads or fails with a sentence; nothing outside the file is read. The sanitizer
// build is what gives these tests their teeth.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>

#include "formats/tflite/load_tflite.h"
#include "formats/tflite/tflite_graph.h"
#include "support/test_data.h"

namespace mobilenet::testing {
namespace {

constexpr unsigned kSeed = 20251122;  // any; the same files are made in every run
constexpr int kSmallMutations = 20000;
constexpr int kRealMutations = 2000;
constexpr int kRealTruncations = 500;

// Reads what a loaded model promises to hold. The copy has exactly the file's size, so that a sanitizer sees a read
// past the end of it.
void load_and_touch(const std::vector<std::uint8_t>& bytes, const std::string& what) {
  const auto exact = std::make_unique<std::uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), exact.get());
  SourceFile source{"hostile.tflite", {}, std::as_bytes(std::span(exact.get(), bytes.size())), nullptr};
  const auto model = load_tflite(source);
  if (!model) {
    EXPECT_EQ(model.error().message.find("hostile.tflite: "), 0u) << what << ": " << model.error().message;
    EXPECT_LT(model.error().message.size(), 1000u) << what;
    return;
  }
  unsigned sum = 0;
  for (const Parameter& parameter : model->parameters().values) {
    EXPECT_EQ(parameter.bytes.size(), static_cast<std::size_t>(parameter.shape.elements()) * size_of(parameter.type));
    for (const std::byte byte : parameter.bytes) sum += static_cast<unsigned>(byte);
  }
  volatile unsigned keep = sum;
  (void)keep;
}

// Positions whose bytes are structure rather than weights: where a change matters.
std::vector<std::size_t> structure_of(const std::vector<std::uint8_t>& bytes) {
  std::vector<bool> weight(bytes.size(), false);
  const auto model = load_tflite(source_of(bytes));
  EXPECT_TRUE(model);
  if (model)
    for (const Parameter& parameter : model->parameters().values) {
      const auto* begin = reinterpret_cast<const std::uint8_t*>(parameter.bytes.data());
      if (begin < bytes.data() || begin >= bytes.data() + bytes.size()) continue;
      const auto offset = begin - bytes.data();
      std::fill_n(weight.begin() + offset, parameter.bytes.size(), true);
    }
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (!weight[i]) positions.push_back(i);
  return positions;
}

void mutate_and_load(const std::vector<std::uint8_t>& bytes, int count) {
  const std::vector<std::size_t> positions = structure_of(bytes);
  std::mt19937 random(kSeed);
  constexpr std::uint8_t kExtremes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
  for (int i = 0; i < count; ++i) {
    std::vector<std::uint8_t> altered = bytes;
    const auto changes = 1 + random() % 3;
    for (auto change = changes; change > 0; --change) {
      const std::size_t at = positions[random() % positions.size()];
      const std::uint8_t value =
          random() % 2 ? kExtremes[random() % std::size(kExtremes)] : static_cast<std::uint8_t>(random());
      const std::size_t width = random() % 4 == 0 ? 4 : 1;
      for (std::size_t k = at; k < std::min(at + width, altered.size()); ++k) altered[k] = value;
    }
    load_and_touch(altered, "mutation " + std::to_string(i) + " of seed " + std::to_string(kSeed));
  }
}

TEST(TfliteHostile, SmallGraphsTruncated) {
  for (const auto& make : {small_float_graph, small_i8_graph}) {
    const std::vector<std::uint8_t> bytes = make().bytes();
    for (std::size_t length = 0; length < bytes.size(); ++length)
      load_and_touch({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)},
                     "first " + std::to_string(length) + " bytes");
  }
}

TEST(TfliteHostile, SmallGraphsAltered) {
  for (const auto& make : {small_float_graph, small_i8_graph}) mutate_and_load(make().bytes(), kSmallMutations);
}

TEST(TfliteHostile, SmallGraphWithLabelsAltered) {
  std::vector<std::uint8_t> bytes = small_float_graph().bytes();
  const auto zip = stored_zip("labels.txt", "a\nb\nc\nd\ne\n", bytes.size());
  bytes.insert(bytes.end(), zip.begin(), zip.end());
  std::mt19937 random(kSeed);
  for (int i = 0; i < kSmallMutations; ++i) {
    std::vector<std::uint8_t> altered = bytes;
    altered[altered.size() - 1 - random() % zip.size()] = static_cast<std::uint8_t>(random());
    load_and_touch(altered, "mutation " + std::to_string(i));
  }
}

class TfliteHostileReal : public ::testing::TestWithParam<const char*> {};

TEST_P(TfliteHostileReal, TruncatedAndAltered) {
  MOBILENET_NEEDS_TEST_DATA();
  std::ifstream file(*test_data() / "models" / GetParam(), std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(bytes.empty());
  std::mt19937 random(kSeed);
  for (int i = 0; i < kRealTruncations; ++i) {
    const auto length = static_cast<std::ptrdiff_t>(random() % bytes.size());
    load_and_touch({bytes.begin(), bytes.begin() + length}, "first " + std::to_string(length) + " bytes");
  }
  mutate_and_load(bytes, kRealMutations);
}

INSTANTIATE_TEST_SUITE_P(Files, TfliteHostileReal,
                         ::testing::Values("mobilenet_v1_0.25_128_quant.tflite",
                                           "mobilenet_quant_v1_224_head_layers.tflite"),
                         [](const auto& test) {
                           std::string name = test.param;
                           for (char& c : name)
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           return name;
                         });

}  // namespace
}  // namespace mobilenet::testing
