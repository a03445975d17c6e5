// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/labels/labels.h"

#include <gtest/gtest.h>

#include "formats/labels/utf8_text.h"
#include "formats/safetensors/safetensors_file.h"
#include "support/test_data.h"

namespace mobilenet {
namespace {

using Labels = std::vector<std::string>;
using testing::TemporaryFolder;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

ModelSpec classifier_of(int classes) {
  ModelSpec spec;
  spec.classes = classes;
  return spec;
}

ModelSpec detector_of(int classes) {
  ModelSpec spec;
  spec.detection.classes = classes;
  return spec;
}

ModelSpec segmenter_of(int channels) {
  ModelSpec spec;
  spec.segmentation.classes = channels;
  return spec;
}

// The labels that a text gives to a model; the sentence where it gives none.
Labels given(std::string_view text, ModelSpec spec) {
  std::vector<Decision> decisions;
  const auto set = set_labels(label_source("it", bytes_of(text)), spec, decisions);
  return set ? spec.labels : Labels{set.error().message};
}

TEST(Labels, OfEveryFormThatPeopleKeep) {
  using namespace std::string_view_literals;
  struct Case {
    const char* name;
    std::string_view text;
    Labels labels;
  };
  const Case cases[] = {
      {"no end of the last line", "cat\ndog", {"cat", "dog"}},
      {"lines of Windows", "cat\r\ndog\r\n", {"cat", "dog"}},
      {"lines of old Macs", "cat\rdog\r", {"cat", "dog"}},
      {"byte-order mark of UTF-8",
       "\xef\xbb\xbf"
       "cat\ndog\n",
       {"cat", "dog"}},
      {"UTF-16, low byte first",
       "\xff\xfe"
       "c\0a\0t\0\r\0\n\0\xe9\0"sv,
       {"cat", "\xc3\xa9"}},
      {"UTF-16, high byte first",
       "\xfe\xff"
       "\0c\0\n\xd8\x3d\xdc\x31"sv,
       {"c", "\xf0\x9f\x90\xb1"}},
      {"blanks around", " cat\ndog \t\n", {"cat", "dog"}},
      {"empty lines at the end", "cat\ndog\n\n \n", {"cat", "dog"}},
      {"empty lines between", "cat\n\ndog\n", {"cat", "dog"}},
      {"an empty line that counts", "cat\n\ndog\n", {"cat", "", "dog"}},
      {"commas inside names", "tench, Tinca tinca\n\"x\"\n", {"tench, Tinca tinca", "\"x\""}},
      {"numbers from 0", "0  person\n1  bicycle\n2  car\n", {"person", "bicycle", "car"}},
      {"numbers from 1", "1 cat\n2 dog\n", {"cat", "dog"}},
      {"numbers with a colon", "0: person\n1: bicycle\n", {"person", "bicycle"}},
      {"numbers with a tab", "0\tperson\n1\tbicycle\n", {"person", "bicycle"}},
      {"numbers with a comma", "0,person\n1,bicycle\n", {"person", "bicycle"}},
      {"numbers with a full stop", "1. person\n2. bicycle\n", {"person", "bicycle"}},
      {"numbers with a dash", "0 - person\n1 - bicycle\n", {"person", "bicycle"}},
      {"numbers behind", "person,0\nbicycle,1\n", {"person", "bicycle"}},
      {"numbers and empty lines", "0 person\n\n1 bicycle\n", {"person", "bicycle"}},
      {"Teachable Machine", "0 Class 1\n1 Class 2\n", {"Class 1", "Class 2"}},
      {"a gap between numbers", "0  person\n1  bicycle\n3  car\n", {"person", "bicycle", "???", "car"}},
      {"names that begin with their numbers",
       "0 fingers\n1 finger\n2 fingers\n",
       {"0 fingers", "1 finger", "2 fingers"}},
      {"amounts", "1 cent\n2 cents\n", {"1 cent", "2 cents"}},
      {"ranges", "0-2 years\n4-6 years\n8-13 years\n", {"0-2 years", "4-6 years", "8-13 years"}},
      {"decimals", "0.5 mile\n1.5 mile\n", {"0.5 mile", "1.5 mile"}},
      {"numbers out of order", "2 car\n0 cat\n1 dog\n", {"cat", "dog", "car"}},
      {"numbers of the names", "3 idiots\n2 guns\n", {"3 idiots", "2 guns"}},
      {"numbers only", "0\n1\n2\n", {"0", "1", "2"}},
      {"numbers of numbers", "0 10\n1 20\n", {"0 10", "1 20"}},
      {"a huge number", "0 cat\n99999999999999999999 dog\n", {"0 cat", "99999999999999999999 dog"}},
      {"a far number", "0 cat\n1000000 dog\n", {"0 cat", "1000000 dog"}},
      {"JSON list", "[\"cat\", \"dog\"]", {"cat", "dog"}},
      {"JSON, names by number", "{\"1\": \"dog\", \"0\": \"cat\"}", {"cat", "dog"}},
      {"JSON, names by number from 1", "{\"1\": \"cat\", \"2\": \"dog\"}", {"cat", "dog"}},
      {"JSON, more than ten numbers",
       "{\"0\":\"a\",\"1\":\"b\",\"10\":\"k\",\"2\":\"c\",\"3\":\"d\",\"4\":\"e\",\"5\":\"f\",\"6\":\"g\",\"7\":\"h\","
       "\"8\":\"i\",\"9\":\"j\"}",
       {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}},
      {"JSON, numbers by name", "{\"dog\": 1, \"cat\": 0}", {"cat", "dog"}},
      {"JSON, Keras' index of ImageNet",
       "{\"0\": [\"n01440764\", \"tench\"], \"1\": [\"n01443537\", \"goldfish\"]}",
       {"tench", "goldfish"}},
      {"JSON, transformers", "{\"model_type\": \"x\", \"id2label\": {\"0\": \"cat\", \"1\": \"dog\"}}", {"cat", "dog"}},
      {"JSON, Teachable Machine", "{\"tfjsVersion\": \"1\", \"labels\": [\"cat\", \"dog\"]}", {"cat", "dog"}},
      {"JSON, COCO's categories",
       "{\"images\": [], \"categories\": [{\"id\": 2, \"name\": \"dog\"}, {\"id\": 1, \"name\": \"cat\"}]}",
       {"cat", "dog"}},
      {"a label map of TensorFlow",
       "item {\n  id: 1\n  name: 'cat'\n}\nitem {\n  id: 2\n  name: 'dog'\n}\n",
       {"cat", "dog"}},
      {"a label map with display names",
       "# COCO\nitem: { name: \"/m/01\" id: 1 display_name: \"it's\" keypoints { id: 0 label: \"x\" } }\n"
       "item { name: \"/m/02\", id: 3, display_name: \"caf\\303\\251\" }",
       {"it's", "???", "caf\xc3\xa9"}},
      {"a label map of Caffe",
       "item {\n name: \"n1\"\n label: 0\n display_name: \"cat\"\n}\nitem {\n name: \"n2\"\n label: 1\n display_name: "
       "\"dog\"\n}\n",
       {"cat", "dog"}},
      {"a class called item", "item\nbox\n", {"item", "box"}},
      {"a table with a header", "index,label\n0,cat\n1,\"dog, small\"\n", {"cat", "dog, small"}},
      {"a table whose numbers come second", "name\tlabel\ncat\t1\ndog\t0\n", {"dog", "cat"}},
      {"a table without numbers", "class_name;colour\ncat;red\ndog;blue\n", {"cat", "dog"}},
      {"a table of one column", "label\ncat\ndog\n", {"cat", "dog"}},
      {"classes that sound like a header", "label\ncat\ndog\n", {"label", "cat", "dog"}},
      {"brackets around names", "[none]\n[cat]", {"[none]", "[cat]"}},
  };
  for (const Case& c : cases)
    EXPECT_EQ(given(c.text, classifier_of(static_cast<int>(c.labels.size()))), c.labels) << c.name;
}

TEST(Labels, ThatCannotBeReadAreASentence) {
  using namespace std::string_view_literals;
  struct Case {
    const char* name;
    std::string_view text;
    const char* sentence;
  };
  const Case cases[] = {
      {"Latin-1", "cat\ncaf\xe9\n", "line 2 is not UTF-8"},
      {"overlong", "\xc0\xaf\n", "line 1 is not UTF-8"},
      {"half of a pair as UTF-8", "\xed\xa0\x80\n", "line 1 is not UTF-8"},
      {"UTF-16 without its mark", "c\0a\0t\0"sv, "line 1 holds a control character"},
      {"half of a pair", "\xff\xfe\x3d\xd8"sv, "broken UTF-16"},
      {"odd UTF-16",
       "\xff\xfe"
       "c"sv,
       "broken UTF-16"},
      {"UTF-32", "\xff\xfe\0\0c\0\0\0"sv, "UTF-32"},
      {"broken JSON", "{\"0\": \"cat\", }", "not valid JSON"},
      {"JSON without names", "{\"a\": true}", "neither a list of names nor a map"},
      {"JSON with a number twice", "{\"cat\": 0, \"dog\": 0}", "neither a list of names nor a map"},
      {"a label map that is cut off", "item { id: 1 name: 'cat", "item 1 cannot be read"},
      {"a label map without a name", "item { id: 1 }", "item 1 has no name"},
      {"a label map without an id", "item { name: 'cat' }", "item 1 has no id"},
      {"a label map with an id twice", "item { id: 1 name: 'a' } item { id: 1 name: 'b' }", "one id to two items"},
      {"too few", "cat\n", "it: has 1 labels, but the model has 2 classes"},
      {"too many", "a\nb\n\nc\nd\n", "it: has 5 or 4 labels, but the model has 2 classes"},
      {"nothing", "", "it: has 0 labels, but the model has 2 classes"},
  };
  for (const Case& c : cases) {
    const Labels said = given(c.text, classifier_of(2));
    ASSERT_EQ(said.size(), 1u) << c.name;
    EXPECT_NE(said[0].find(c.sentence), std::string::npos) << c.name << ": " << said[0];
  }
}

TEST(Labels, FitTheRowsOfTheirTask) {
  struct Case {
    const char* name;
    ModelSpec spec;
    std::string_view text;
    Labels labels;
  };
  const Case cases[] = {
      {"a classifier that has no background", classifier_of(2), "background\na\nb\n", {"a", "b"}},
      {"a class called background", classifier_of(3), "background\na\nb\n", {"background", "a", "b"}},
      {"a table, whose title is no class", segmenter_of(3), "index,label\n0,a\n1,b\n", {"background", "a", "b"}},
      {"a detector, without background", detector_of(3), "a\nb\nc\n", {"a", "b", "c"}},
      {"a detector, with the background's column", detector_of(2), "???\na\nb\n", {"a", "b"}},
      {"a detector, numbers from 1", detector_of(3), "1 a\n2 b\n3 c\n", {"a", "b", "c"}},
      {"a detector, numbers from 0 with background", detector_of(2), "0 background\n1 a\n2 b\n", {"a", "b"}},
      {"a segmenter, without background", segmenter_of(3), "a\nb\n", {"background", "a", "b"}},
      {"a segmenter, with background", segmenter_of(3), "background\na\nb\n", {"background", "a", "b"}},
      {"one probability, one name", classifier_of(1), "hot dog\n", {"hot dog"}},
      {"one probability, two names", classifier_of(1), "dog\ncat\n", {"dog", "cat"}},
  };
  for (const Case& c : cases) EXPECT_EQ(given(c.text, c.spec), c.labels) << c.name;
}

// Row 0 of a classifier is background by one rule, wherever the names come from.
TEST(Labels, DecideAboutTheBackgroundRow) {
  std::string thousand;
  for (int i = 0; i < 1000; ++i) thousand += "class " + std::to_string(i) + "\n";
  struct Case {
    const char* name;
    int classes;
    std::string text;
    bool background;
  };
  const Case cases[] = {{"1001 with background", 1001, "background\n" + thousand, true},
                        {"1001, of which names for 1000", 1001, thousand, true},
                        {"1001 of somebody's own", 1001, "zeroth\n" + thousand, false},
                        {"five, the first of which is called background", 5, "background\nb\nc\nd\ne\n", false}};
  for (const Case& c : cases) {
    ModelSpec beside = classifier_of(c.classes), given = classifier_of(c.classes);
    std::vector<Decision> decisions;
    const LabelSource source = label_source("it", bytes_of(c.text));
    decide_labels({&source, 1}, beside, decisions);
    ASSERT_TRUE(set_labels(source, given, decisions)) << c.name;
    EXPECT_EQ(beside.has_background, c.background) << c.name;
    EXPECT_EQ(given.has_background, c.background) << c.name;
    EXPECT_EQ(beside.labels.size(), static_cast<std::size_t>(c.classes)) << c.name;
  }
}

TEST(Labels, MakeAClassOfOneNumber) {
  ModelSpec spec = classifier_of(1);
  spec.class_scores.reset();
  EXPECT_FALSE(is_classifier(spec));
  std::vector<Decision> decisions;
  decide_labels({}, spec, decisions);
  EXPECT_FALSE(is_classifier(spec));
  ASSERT_TRUE(set_labels(label_source("it", Labels{"dog", "cat"}), spec, decisions));
  EXPECT_TRUE(is_classifier(spec));
  EXPECT_EQ(spec.class_scores, ScoreFunction::sigmoid);
  EXPECT_EQ(class_count(spec), 2);
}

TEST(Labels, OfARealNumberedFileWithGaps) {
  MOBILENET_NEEDS_TEST_DATA();
  ModelSpec spec = detector_of(90);
  std::vector<Decision> decisions;
  const auto set = set_labels_from_file(*testing::test_data() / "labels/coral_coco_labels.txt", spec, decisions);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(spec.labels.front(), "person");
  EXPECT_EQ(spec.labels[11], "???");
  EXPECT_EQ(spec.labels.back(), "toothbrush");
}

TEST(Labels, OfRealFilesOfOtherForms) {
  MOBILENET_NEEDS_TEST_DATA();
  const auto folder = *testing::test_data() / "labels";
  std::vector<Decision> decisions;
  ModelSpec voc = detector_of(20);
  ASSERT_TRUE(set_labels_from_file(folder / "labelmap_voc.prototxt", voc, decisions));
  EXPECT_EQ(voc.labels.front(), "aeroplane");
  EXPECT_EQ(voc.labels.back(), "tvmonitor");
  ModelSpec imagenet = classifier_of(1001);
  ASSERT_TRUE(set_labels_from_file(folder / "imagenet1000_synsets.tsv", imagenet, decisions));
  EXPECT_EQ(imagenet.labels[1], "tench, Tinca tinca");
  EXPECT_TRUE(imagenet.has_background);
}

TEST(Labels, BesideTheModelByNameThenByCount) {
  const TemporaryFolder folder;
  const auto model = folder.path() / "cats.safetensors";
  std::vector<Decision> decisions;
  const auto found = [&](ModelSpec spec) {
    decisions.clear();
    decide_labels(labels_beside(model), spec, decisions);
    return spec.labels;
  };
  EXPECT_TRUE(found(classifier_of(2)).empty());
  folder.write("labels.txt", "a\nb\n");
  EXPECT_EQ(found(classifier_of(2)), (Labels{"a", "b"}));
  EXPECT_EQ(decisions[0].why, "labels.txt beside the model has 2 lines");
  folder.write("cats.txt", "one\ntwo\nthree\n");
  EXPECT_EQ(found(classifier_of(2)), (Labels{"a", "b"}));
  EXPECT_EQ(decisions[0].why, "cats.txt beside the model is ignored, because it has 3 names for 2 classes");
  folder.write("cats_labels.txt", "tabby\nlion\n");
  EXPECT_EQ(found(classifier_of(2)), (Labels{"tabby", "lion"}));
  EXPECT_EQ(found(segmenter_of(3)), (Labels{"background", "tabby", "lion"}));
  folder.write("cats_labels.txt", "l\xf6we\n");
  EXPECT_EQ(found(classifier_of(2)), (Labels{"a", "b"}));
  EXPECT_NE(decisions[0].why.find("is ignored: line 1 is not UTF-8"), std::string::npos) << decisions[0].why;
  EXPECT_TRUE(labels_beside({}).empty());
}

TEST(Labels, OfImageNetAreBuiltIn) {
  const auto labels_of = [](int classes) { return built_in_labels(classes).value().readings.at(0).labels; };
  EXPECT_EQ(labels_of(1000).size(), 1000u);
  EXPECT_EQ(labels_of(1000)[0], "tench, Tinca tinca");
  EXPECT_EQ(labels_of(1000)[285], "Egyptian cat");
  EXPECT_EQ(labels_of(1000)[999], "toilet tissue, toilet paper, bathroom tissue");
  EXPECT_EQ(labels_of(1001)[0], "background");
  EXPECT_EQ(labels_of(1001)[286], "Egyptian cat");
  EXPECT_FALSE(built_in_labels(0));
  EXPECT_FALSE(built_in_labels(101));
}

}  // namespace
}  // namespace mobilenet
