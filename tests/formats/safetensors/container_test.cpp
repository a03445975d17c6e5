// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The container: what is read from a sound file, and that damaged ones are refused with a reason.

#include "formats/safetensors/container.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "formats/safetensors/safetensors_file.h"

namespace mobilenet {
namespace {

using testing::memory_file;
using testing::safetensors_bytes;
using testing::SafetensorsText;

Result<NamedTensors> parse(const std::string& bytes) {
  return parse_safetensors(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

TEST(SafetensorsContainer, ViewsTheFile) {
  std::string bytes = safetensors_bytes(R"({"__metadata__":{"format":"pt"},
      "b":{"dtype":"F16","shape":[3],"data_offsets":[1,7]},
      "a":{"dtype":"I8","shape":[1,1],"data_offsets":[0,1]},
      "empty":{"dtype":"F32","shape":[0,4],"data_offsets":[7,7]},
      "scalar":{"dtype":"I64","shape":[],"data_offsets":[7,15]},
      "brain":{"dtype":"BF16","shape":[1],"data_offsets":[15,17]}} )",
                                        17);
  const auto container = parse(bytes);
  ASSERT_TRUE(container) << container.error().message;
  EXPECT_EQ(container->metadata.at("format"), "pt");
  ASSERT_EQ(container->tensors.size(), 5u);
  const std::byte* data = reinterpret_cast<const std::byte*>(bytes.data() + bytes.size() - 17);
  EXPECT_EQ(container->tensors[0].name, "a");
  EXPECT_EQ(container->tensors[0].type, DataType::i8);
  EXPECT_EQ(container->tensors[1].name, "b");
  EXPECT_EQ(container->tensors[1].bytes.data(), data + 1);  // unaligned, and not copied
  EXPECT_EQ(container->tensors[1].bytes.size(), 6u);
  EXPECT_EQ(container->tensors[2].name, "empty");
  EXPECT_EQ(to_string(container->tensors[2].shape), "0x4");
  EXPECT_EQ(container->tensors[3].shape.rank(), 0);
  EXPECT_FALSE(container->tensors[4].type);
  EXPECT_EQ(container->tensors[4].dtype, "BF16");
}

TEST(SafetensorsContainer, KnowsEveryTypeOfTheFormat) {
  const std::pair<const char*, std::size_t> kBytesOfFour[] = {
      {"BOOL", 4}, {"U8", 4},          {"I8", 4},      {"F8_E4M3", 4},     {"F8_E5M2", 4}, {"F8_E8M0", 4},
      {"I16", 8},  {"F8_E4M3FNUZ", 4}, {"U16", 8},     {"F8_E5M2FNUZ", 4}, {"F16", 8},     {"BF16", 8},
      {"I32", 16}, {"U32", 16},        {"F32", 16},    {"C64", 32},        {"F64", 32},    {"I64", 32},
      {"U64", 32}, {"F4", 2},          {"F6_E2M3", 3}, {"F6_E3M2", 3}};
  for (const auto& [dtype, bytes] : kBytesOfFour)
    for (const std::size_t wrong : {0, 1}) {
      SCOPED_TRACE(dtype);
      const std::string size = std::to_string(bytes + wrong);
      const auto container = parse(safetensors_bytes(
          std::string(R"({"x":{"dtype":")") + dtype + R"(","shape":[4],"data_offsets":[0,)" + size + "]}}",
          bytes + wrong));
      EXPECT_EQ(static_cast<bool>(container), wrong == 0) << (container ? "" : container.error().message);
    }
}

struct Damaged {
  const char* name;
  std::string bytes;
  const char* message;
};

std::string one(const std::string& description, std::size_t data_bytes = 4) {
  return safetensors_bytes("{\"x\":" + description + "}", data_bytes);
}

std::vector<Damaged> damaged_files() {
  const std::string good = one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})");
  std::string deep = "{\"x\":";
  for (int i = 0; i < 100000; ++i) deep += '[';
  std::string huge = good;
  std::memset(huge.data(), 0xff, 8);
  std::string long_name = "{\"" + std::string(5000, 'a') + R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  return {
      {"nothing", "", "too few"},
      {"half a length", "\1\0\0", "too few"},
      {"length of all ones", huge, "claims a header of 18446744073709551615 bytes"},
      {"cut header", good.substr(0, 30), "the file is truncated or damaged"},
      {"cut data", good.substr(0, good.size() - 1), "x: its data ends at byte 4 of 3"},
      {"bytes after the end", good + "x", "1 bytes after the last tensor"},
      {"no JSON", safetensors_bytes("{\"x\"", 0), "not valid JSON"},
      {"not an object", safetensors_bytes("[1, 2]", 0), "an array of 2"},
      {"deep JSON", safetensors_bytes(deep, 0), "nested deeper than 4"},
      {"deep but closed JSON", safetensors_bytes("{\"x\":[[[[[[[1]]]]]]]}", 0), "nested deeper than 4"},
      {"one name twice", safetensors_bytes(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{}})", 4),
       "\"x\" twice"},
      {"a dtype twice", one(R"({"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]})"), "\"dtype\" twice"},
      {"a number for a tensor", one("7"), "x: is 7 in the header"},
      {"no dtype", one(R"({"shape":[1],"data_offsets":[0,4]})"), "dtype must be a string"},
      {"unknown dtype", one(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})"), "unknown type \"F31\""},
      {"no shape", one(R"({"dtype":"F32","data_offsets":[0,4]})"), "shape must be an array"},
      {"seven axes", one(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1],"data_offsets":[0,4]})"), "has 7 axes"},
      {"negative axis", one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), "an axis of its shape is -1"},
      {"fractional axis", one(R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})"), "an axis of its shape is 1.0"},
      {"product past 64 bits",
       one(R"({"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]})"), "impossibly large"},
      {"product that wraps to the right size",
       one(R"({"dtype":"F32","shape":[4294967297,4294967295,4294967297],"data_offsets":[0,4]})"), "impossibly large"},
      {"axis past 63 bits", one(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]})"),
       "an axis of its shape"},
      {"shape that needs more", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"), "needs 2 x 32 bits"},
      {"half an element", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,5]})", 5), "has 5 bytes of data"},
      {"no offsets", one(R"({"dtype":"F32","shape":[1]})"), "data_offsets must be two numbers"},
      {"one offset", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0]})"), "data_offsets must be two numbers"},
      {"negative offset", one(R"({"dtype":"F32","shape":[1],"data_offsets":[-4,0]})"), "data_offsets must be two"},
      {"offsets reversed", one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"), "before it begins"},
      {"offsets near the end of 64 bits",
       one(R"({"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,18446744073709551615]})"),
       "the file is truncated or damaged"},
      {"overlap",
       safetensors_bytes(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                             "y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
                         6),
       "inside the tensor before it"},
      {"gap", one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})", 8), "after a gap"},
      {"metadata that is no text", safetensors_bytes(R"({"__metadata__":{"a":1}})", 0), "expected a string"},
      {"metadata that is no object", safetensors_bytes(R"({"__metadata__":[]})", 0), "expected an object"},
      {"a name of 5000 bytes", safetensors_bytes(long_name, 4), "impossible name"},
      {"a name that moves the cursor",
       safetensors_bytes(R"({"\u001b[2J":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4), "impossible name"},
  };
}

TEST(SafetensorsContainer, RefusesDamagedFilesWithAReason) {
  for (const Damaged& damaged : damaged_files()) {
    SCOPED_TRACE(damaged.name);
    const auto container = parse(damaged.bytes);
    ASSERT_FALSE(container);
    EXPECT_NE(container.error().message.find(damaged.message), std::string::npos) << container.error().message;
    EXPECT_LT(container.error().message.size(), 300u);
  }
}

TEST(SafetensorsContainer, SurvivesEveryTruncation) {
  const std::string good = SafetensorsText().tensor("a", {2, 3}).tensor("b", {1}).bytes();
  for (std::size_t size = 0; size < good.size(); ++size) {
    // An exact copy on the heap, so that the address sanitizer sees a read past the end.
    const std::vector<std::byte> cut(reinterpret_cast<const std::byte*>(good.data()),
                                     reinterpret_cast<const std::byte*>(good.data()) + size);
    EXPECT_FALSE(parse_safetensors(cut)) << size;
  }
}

TEST(SafetensorsContainer, SurvivesRandomChanges) {
  const std::string good = SafetensorsText().tensor("a", {2, 3}).tensor("b", {1}, "F16", 2).bytes();
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> bytes(reinterpret_cast<const std::byte*>(good.data()),
                                 reinterpret_cast<const std::byte*>(good.data()) + good.size());
    for (unsigned change = 0; change <= random() % 3; ++change)
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    const auto container = parse_safetensors(bytes);
    if (!container) continue;
    for (const NamedTensor& tensor : container->tensors) {
      EXPECT_GE(tensor.bytes.data(), bytes.data());
      EXPECT_LE(tensor.bytes.data() + tensor.bytes.size(), bytes.data() + bytes.size());
    }
  }
}

}  // namespace
}  // namespace mobilenet
