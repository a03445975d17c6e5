// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/labels.h"

#include <gtest/gtest.h>

#include "formats/safetensors_file.h"
#include "support/test_data.h"

namespace mobilenet {
namespace {

using Labels = std::vector<std::string>;
using testing::TemporaryFolder;

TEST(Labels, AreTheLinesOfAText) {
  struct Case {
    const char* name;
    std::string_view text;
    Labels labels;
  };
  const Case cases[] = {
      {"nothing", "", {}},
      {"no end of the last line", "cat\ndog", {"cat", "dog"}},
      {"end of the last line", "cat\ndog\n", {"cat", "dog"}},
      {"lines of Windows", "cat\r\ndog\r\n", {"cat", "dog"}},
      {"byte-order mark",
       "\xef\xbb\xbf"
       "cat\ndog\n",
       {"cat", "dog"}},
      {"empty lines at the end", "cat\ndog\n\n\r\n", {"cat", "dog"}},
      {"an empty line inside stays", "cat\n\ndog\n", {"cat", "", "dog"}},
      {"verbatim", " tench, Tinca tinca \n\"x\"\n", {" tench, Tinca tinca ", "\"x\""}},
      {"numbered", "0  person\n1  bicycle\n2  car\n", {"person", "bicycle", "car"}},
      {"numbered with a colon", "0: person\n1: bicycle\n", {"person", "bicycle"}},
      {"numbered by Teachable Machine", "0 Class 1\n1 Class 2\n", {"Class 1", "Class 2"}},
      {"numbered with a gap", "0  person\n1  bicycle\n3  car\n", {"person", "bicycle", "???", "car"}},
      {"numbers out of order are names", "1 cat\n0 dog\n", {"1 cat", "0 dog"}},
      {"numbers from one are names", "1 cat\n2 dog\n", {"1 cat", "2 dog"}},
      {"numbers only are names", "0\n1\n2\n", {"0", "1", "2"}},
      {"a huge number is a name", "0 cat\n99999999999 dog\n", {"0 cat", "99999999999 dog"}},
      {"a far number is a name", "0 cat\n1000000 dog\n", {"0 cat", "1000000 dog"}},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_labels(c.text), c.labels) << c.name;
}

TEST(Labels, OfARealNumberedFileWithGaps) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto found = labels_from_file(*testing::test_data() / "labels/coral_coco_labels.txt", 90, false);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->labels.front(), "person");
  EXPECT_EQ(found->labels[11], "???");
  EXPECT_EQ(found->labels.back(), "toothbrush");
}

TEST(Labels, FitByTheirCount) {
  const TemporaryFolder folder;
  folder.write("labels.txt", "a\nb\nc\n");
  folder.write("with_background.txt", "background\na\nb\n");
  const auto path = folder.path() / "labels.txt";
  EXPECT_EQ(labels_from_file(path, 3, false).value().labels, (Labels{"a", "b", "c"}));
  EXPECT_EQ(labels_from_file(path, 3, true).value().labels, (Labels{"a", "b", "c"}));
  EXPECT_EQ(labels_from_file(path, 4, true).value().labels, (Labels{"background", "a", "b", "c"}));
  EXPECT_EQ(labels_from_file(folder.path() / "with_background.txt", 2, false).value().labels, (Labels{"a", "b"}));
  for (const int classes : {0, 2, 4, -1, 1001}) {
    const auto found = labels_from_file(path, classes, false);
    ASSERT_FALSE(found) << classes;
    EXPECT_NE(found.error().message.find("has 3 labels, but the model has " + std::to_string(classes)),
              std::string::npos)
        << found.error().message;
  }
  const auto missing = labels_from_file(folder.path() / "none.txt", 3, false);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
}

TEST(Labels, BesideTheModelByNameThenByCount) {
  const TemporaryFolder folder;
  const auto model = folder.path() / "cats.safetensors";
  EXPECT_FALSE(labels_beside(model, 2, false));
  folder.write("labels.txt", "a\nb\n");
  EXPECT_EQ(labels_beside(model, 2, false)->labels, (Labels{"a", "b"}));
  EXPECT_EQ(labels_beside(model, 2, false)->why, "labels.txt beside the model has 2 lines");
  folder.write("cats.txt", "one\ntwo\nthree\n");  // does not fit two classes
  EXPECT_EQ(labels_beside(model, 2, false)->labels, (Labels{"a", "b"}));
  folder.write("cats_labels.txt", "tabby\nlion\n");
  EXPECT_EQ(labels_beside(model, 2, false)->labels, (Labels{"tabby", "lion"}));
  EXPECT_EQ(labels_beside(model, 3, true)->labels, (Labels{"background", "tabby", "lion"}));
  EXPECT_FALSE(labels_beside(model, 0, false));
  EXPECT_FALSE(labels_beside({}, 2, false));
}

TEST(Labels, OfImageNetAreBuiltIn) {
  const auto labels = built_in_labels(1000);
  ASSERT_TRUE(labels);
  EXPECT_EQ(labels->labels.size(), 1000u);
  EXPECT_EQ(labels->labels[0], "tench, Tinca tinca");
  EXPECT_EQ(labels->labels[285], "Egyptian cat");
  EXPECT_EQ(labels->labels[999], "toilet tissue, toilet paper, bathroom tissue");
  const auto with_background = built_in_labels(1001);
  ASSERT_TRUE(with_background);
  EXPECT_EQ(with_background->labels[0], "background");
  EXPECT_EQ(with_background->labels[286], "Egyptian cat");
  EXPECT_FALSE(built_in_labels(0));
  EXPECT_FALSE(built_in_labels(101));
}

}  // namespace
}  // namespace mobilenet
