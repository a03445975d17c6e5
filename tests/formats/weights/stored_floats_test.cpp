// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Types of weights: the floats that trainers save are the same numbers here, in every convention; all others are
// refused with the tensor's name.

#include "formats/weights/stored_floats.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "formats/safetensors/safetensors_file.h"
#include "formats/safetensors/tensor_list.h"
#include "formats/safetensors/write_safetensors.h"
#include "formats/weights/framework_weights.h"
#include "network/parameter.h"

namespace mobilenet {
namespace {

using testing::memory_file;
using testing::TensorList;

const std::vector<int> kStagesV1{1, 2, 2, 6, 2}, kStagesV2{1, 2, 3, 4, 3, 3, 1};

// A small file of each convention that names of trainers come in.
struct ConventionFile {
  const char* name;
  TensorList list;
};

std::vector<ConventionFile> convention_files() {
  const ModelSpec v1 = published_spec(Architecture::mobilenet_v1, 0.05, 64, 3);
  const ModelSpec v2 = published_spec(Architecture::mobilenet_v2, 0.05, 64, 3);
  std::vector<ConventionFile> files;
  files.push_back({"timm V1", TensorList::of(testing::timm(v1, kStagesV1).bytes()).fill()});
  files.push_back({"timm V2", TensorList::of(testing::timm(v2, kStagesV2).bytes()).fill()});
  files.push_back({"Hugging Face", TensorList::of(testing::hugging_face_v2(v2, "mobilenet_v2.").bytes()).fill()});
  return files;
}

void expect_same_numbers(const LoadedModel& model, const LoadedModel& expected) {
  ASSERT_EQ(model.weights.size(), expected.weights.size());
  for (const auto& [name, index] : expected.weights) {
    const Parameter& right = expected.parameters().value(index);
    const Parameter& got = model.parameters().value(model.weights.at(name));
    ASSERT_EQ(got.shape, right.shape) << name;
    for (std::int64_t i = 0; i < right.shape.elements(); ++i)
      ASSERT_EQ(stored_value(got, i), stored_value(right, i)) << name << " " << i;
  }
}

TEST(StoredFloats, AreTheSameNumbersInEveryType) {
  for (const ConventionFile& file : convention_files()) {
    SCOPED_TRACE(file.name);
    const auto expected = load_model(memory_file(file.list.file()));
    ASSERT_TRUE(expected) << expected.error().message;
    for (const char* dtype : {"F16", "BF16", "F64"}) {
      SCOPED_TRACE(dtype);
      const auto model = load_model(memory_file(TensorList(file.list).convert(dtype).file()));
      ASSERT_TRUE(model) << model.error().message;
      expect_same_numbers(*model, *expected);
    }
  }
}

TEST(StoredFloats, OfTheProjectsOwnFileMayBeConvertedToo) {
  const testing::TemporaryFolder folder;
  const ModelSpec spec = published_spec(Architecture::mobilenet_v1, 0.05, 64, 3);
  const RandomWeights random = random_weights(spec);
  const auto path = folder.path() / "model.safetensors";
  ASSERT_TRUE(write_safetensors(path, spec, random.parameters, random.index, DataType::f32));
  std::ifstream stream(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  const auto expected = load_model(memory_file(bytes));
  ASSERT_TRUE(expected) << expected.error().message;
  const auto model = load_model(memory_file(TensorList::of(bytes).convert("F64").file()));
  ASSERT_TRUE(model) << model.error().message;
  expect_same_numbers(*model, *expected);
}

TEST(StoredFloats, OtherTypesAreRefusedByTheTensorsName) {
  for (const ConventionFile& file : convention_files())
    for (const char* dtype : {"F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "I8", "U8", "I16", "U16", "I32", "U32",
                              "I64", "U64", "C64", "BOOL"}) {
      SCOPED_TRACE(std::string(file.name) + " " + dtype);
      TensorList list = file.list;
      TensorList one = list;
      // Only one tensor, wherever it stands.
      testing::ListedTensor& tensor = list.tensors[list.tensors.size() / 2];
      if (tensor.dtype != "F32") continue;
      one.tensors = {tensor};
      tensor = one.convert(dtype).tensors[0];
      const auto model = load_model(memory_file(list.file()));
      ASSERT_FALSE(model);
      EXPECT_EQ(model.error().message, "test.safetensors: " + tensor.name + ": is " + dtype +
                                           ", which is not supported for weights; save it as F32, F16, BF16 or F64");
    }
}

TEST(StoredFloats, CountersMayHaveAnyType) {
  for (const ConventionFile& file : convention_files())
    for (const char* dtype : {"I32", "F32", "F8_E4M3", "BOOL"}) {
      SCOPED_TRACE(std::string(file.name) + " " + dtype);
      TensorList list = file.list;
      for (testing::ListedTensor& tensor : list.tensors)
        if (tensor.name.ends_with("num_batches_tracked")) tensor = TensorList().add(tensor.name, {}, dtype).tensors[0];
      const auto model = load_model(memory_file(list.file()));
      EXPECT_TRUE(model) << model.error().message;
    }
}

template <class T>
NamedTensor tensor_of(const std::vector<T>& values, const char* dtype) {
  NamedTensor tensor;
  tensor.name = tensor.saved_as = "x";
  tensor.dtype = dtype;
  tensor.shape = {static_cast<std::int64_t>(values.size())};
  tensor.bytes = std::as_bytes(std::span(values));
  return tensor;
}

TEST(StoredFloats, FromFloat64AreTheNearest) {
  constexpr float kMost = std::numeric_limits<float>::max();
  const std::vector<std::pair<double, float>> cases{
      {0.1, 0.1f},
      {-1.0 / 3, -1.0f / 3},
      {1 + 0x1p-24, 1},  // a tie, to even
      {1 + 0x1p-24 + 0x1p-50, 1 + 0x1p-23f},
      {1e-50, 0},
      {0x1p-149, 0x1p-149f},
      {kMost, kMost},
      {0x1.fffffefp127, kMost},
      {std::numeric_limits<double>::infinity(), std::numeric_limits<float>::infinity()},
  };
  for (const auto& [stored, expected] : cases) {
    const std::vector<double> values{stored};
    const auto floats = as_f32(tensor_of(values, "F64"));
    ASSERT_TRUE(floats) << floats.error().message;
    EXPECT_EQ((*floats)->at(0), expected) << stored;
  }
  const std::vector<double> nan{std::nan("")};
  EXPECT_TRUE(std::isnan((*as_f32(tensor_of(nan, "F64")))->at(0)));
  for (const double large : {0x1.ffffffp127, -0x1.ffffffp127, 1e300}) {
    const std::vector<double> values{1, large};
    const auto floats = as_f32(tensor_of(values, "F64"));
    ASSERT_FALSE(floats);
    EXPECT_TRUE(floats.error().message.starts_with("x: the number ")) << floats.error().message;
  }
}

TEST(StoredFloats, FromBfloat16AreExact) {
  std::vector<std::uint16_t> all(1 << 16);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  const auto floats = as_f32(tensor_of(all, "BF16"));
  ASSERT_TRUE(floats);
  for (std::size_t i = 0; i < all.size(); ++i)
    ASSERT_EQ(std::bit_cast<std::uint32_t>((*floats)->at(i)), static_cast<std::uint32_t>(i) << 16);
}

}  // namespace
}  // namespace mobilenet
