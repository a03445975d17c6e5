// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// .npy files: what is written is read back, and hostile headers are refused with a sentence.

#include "cli/arrays/npy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace mobilenet::cli {
namespace {

std::string npy(const std::string& dictionary, const std::string& numbers, char major = 1) {
  std::string file = "\x93NUMPY";
  file += {major, '\0', static_cast<char>(dictionary.size() & 0xff), static_cast<char>(dictionary.size() >> 8)};
  if (major > 1) file += std::string(2, '\0');
  return file + dictionary + numbers;
}

std::string dictionary(const std::string& type, const std::string& shape, const std::string& order = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }          \n";
}

Result<NpyArray> parse(const std::string& file) { return parse_npy(std::as_bytes(std::span(file)), "x.npy"); }

struct GoodCase {
  const char* name;
  std::string file;
  DataType type;
  std::vector<std::int64_t> shape;
};

TEST(Npy, ReadsWhatNumpyWrites) {
  const std::string eight = "01234567";
  const GoodCase cases[] = {
      {"float32", npy(dictionary("<f4", "(1, 2)"), eight), DataType::f32, {1, 2}},
      {"float16", npy(dictionary("<f2", "(4,)"), eight), DataType::f16, {4}},
      {"uint8", npy(dictionary("|u1", "(2, 2, 2)"), eight), DataType::u8, {2, 2, 2}},
      {"int8", npy(dictionary("|i1", "(8,)"), eight), DataType::i8, {8}},
      {"int16", npy(dictionary("<i2", "(4,)"), eight), DataType::i16, {4}},
      {"int32", npy(dictionary("<i4", "(2,)"), eight), DataType::i32, {2}},
      {"int64 scalar", npy(dictionary("<i8", "()"), eight), DataType::i64, {}},
      {"bool", npy(dictionary("|b1", "(8,)"), eight), DataType::boolean, {8}},
      {"version 2", npy(dictionary("<f4", "(2,)"), eight, 2), DataType::f32, {2}},
      {"version 3", npy(dictionary("<f4", "(2,)"), eight, 3), DataType::f32, {2}},
      {"no space, no trailing comma",
       npy("{'shape':(2,),'fortran_order':False,'descr':\"<f4\"}", eight),
       DataType::f32,
       {2}},
      {"long integers of Python 2", npy(dictionary("<f4", "(1L, 2L)"), eight), DataType::f32, {1, 2}},
      {"empty, with a huge axis",
       npy(dictionary("<f4", "(0, 999999999999999999)"), ""),
       DataType::f32,
       {0, 999999999999999999}},
  };
  for (const GoodCase& c : cases) {
    SCOPED_TRACE(c.name);
    const auto array = parse(c.file);
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->type, c.type);
    EXPECT_EQ(array->shape, c.shape);
    const auto expected = std::as_bytes(std::span(eight));
    EXPECT_TRUE(std::equal(array->bytes.begin(), array->bytes.end(), expected.begin()));
  }
}

struct BadCase {
  const char* name;
  std::string file;
  const char* says;  // part of the sentence
};

TEST(Npy, RefusesWhatItCannotRead) {
  const std::string eight = "01234567";
  const std::string good = npy(dictionary("<f4", "(2,)"), eight);
  const BadCase cases[] = {
      {"empty", "", "not a .npy"},
      {"another format", "PK\x03\x04 and then some more", "not a .npy"},
      {"version 9", npy(dictionary("<f4", "(2,)"), eight, 9), "version 9"},
      {"cut in the length", good.substr(0, 11), "truncated"},
      {"cut in the header", good.substr(0, 40), "truncated"},
      {"cut in the numbers", good.substr(0, good.size() - 1), "holds 7 bytes"},
      {"more numbers than the shape", good + "x", "holds 9 bytes"},
      {"double precision", npy(dictionary("<f8", "(1,)"), eight), "astype('float32')"},
      {"big endian", npy(dictionary(">f4", "(2,)"), eight), "'>f4'"},
      {"a type that no terminal can show", npy(dictionary("<\x1b[2J", "(2,)"), eight), "'<?[2J'"},
      {"python objects", npy(dictionary("|O", "(1,)"), eight), "'|O'"},
      {"records", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", eight), "'[...]'"},
      {"Fortran order", npy(dictionary("<f4", "(2,)", "True"), eight), "Fortran"},
      {"product that overflows", npy(dictionary("<f4", "(4294967296, 4294967296, 4294967296)"), eight), "far more"},
      {"product that wraps to the right size", npy(dictionary("<f4", "(2, 4611686018427387905)"), eight), "malformed"},
      {"product that wraps to zero", npy(dictionary("|u1", "(4294967296, 4294967296)"), ""), "far more"},
      {"size beyond 64 bits", npy(dictionary("<f4", "(99999999999999999999,)"), eight), "malformed"},
      {"negative size", npy(dictionary("<f4", "(-2,)"), eight), "malformed"},
      {"no shape", npy("{'descr': '<f4', 'fortran_order': False, }", eight), "malformed"},
      {"shape twice", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2,), }", eight),
       "malformed"},
      {"unknown key", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1, }", eight), "malformed"},
      {"open string", npy("{'descr': '<f4", eight), "malformed"},
      {"open bracket", npy("{'descr': [[[", eight), "malformed"},
      {"open tuple", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,", eight), "malformed"},
      {"words after the dictionary", npy(dictionary("<f4", "(2,)") + "x", eight), "malformed"},
      {"a zero byte in the header", npy(std::string("{\0}", 3), eight), "malformed"},
      {"empty header", npy("", eight), "malformed"},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.name);
    const auto array = parse(c.file);
    ASSERT_FALSE(array);
    EXPECT_NE(array.error().message.find(c.says), std::string::npos) << array.error().message;
    EXPECT_EQ(array.error().message.find("x.npy"), 0u) << array.error().message;
  }
}

TEST(Npy, EveryPrefixAndEveryChangedByteIsRefusedOrRead) {
  const std::string good = npy(dictionary("<f4", "(1, 2)"), "01234567");
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(parse(good.substr(0, length))) << length;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char byte : {'\0', '\xff', '(', '\'', '9', '{'}) {
      std::string changed = good;
      changed[at] = byte;
      const auto array = parse(changed);  // must not crash; what it says is checked above
      EXPECT_TRUE(!array || array->bytes.size() == 8);
    }
  }
}

TEST(Npy, HeaderIsAlignedAndReadBack) {
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{}, {0}, {0, 3}, {0, 1, 2, 3}, {0, 1000000000000, 7, 7, 7, 7, 7, 7}}) {
    for (const std::size_t at_least : {0u, 256u}) {
      const std::string header = npy_header("<f4", shape, at_least);
      EXPECT_EQ(header.size() % 64, 0u);
      EXPECT_GE(header.size(), at_least);
      EXPECT_EQ(header.back(), '\n');
      const auto array = parse(shape.empty() ? header + "0123" : header);
      ASSERT_TRUE(array) << array.error().message;
      EXPECT_EQ(array->shape, shape);
    }
  }
}

TEST(Npy, TextsBecomeUtf32AndKeepForeignBytes) {
  const std::vector<std::string> texts = {"a", "\xc3\xa9t\xf0\x9f\x90\xb1", "\xff", ""};
  const NpyTexts array = npy_texts(texts);
  EXPECT_NE(array.header.find("'<U3'"), std::string::npos) << array.header;
  EXPECT_NE(array.header.find("(4,)"), std::string::npos) << array.header;
  const char32_t expected[12] = {U'a', 0, 0, 0xe9, U't', 0x1f431, 0xdcff, 0, 0, 0, 0, 0};
  ASSERT_EQ(array.bytes.size(), sizeof expected);
  EXPECT_EQ(std::memcmp(array.bytes.data(), expected, sizeof expected), 0);
}

}  // namespace
}  // namespace mobilenet::cli
