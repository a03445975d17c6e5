// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What `evaluate` counts with: COCO's figures worked out by hand, confusion, and annotation files good and broken.

#include <gtest/gtest.h>
#include <mobilenet/evaluate.h>
#include <mobilenet/image.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "evaluate/coco_ap.h"
#include "evaluate/coco_truth.h"

namespace mobilenet::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr double kExact = 1e-12;  // a few roundings of numbers near 1

CocoFigures figures_of(std::span<const CocoPicture> pictures, std::size_t categories) {
  std::vector<const CocoPicture*> all;
  for (const CocoPicture& picture : pictures) all.push_back(&picture);
  return coco_figures(all, categories);
}

enum Figure { kAp, kAp50, kAp75, kApSmall, kApMedium, kApLarge, kAr1, kAr10, kAr100, kArSmall, kArMedium, kArLarge };

constexpr CocoBox kBox = {10, 10, 50, 50};  // of medium size
constexpr CocoBox kFar = {500, 500, 50, 50};

TrueObject object(const CocoBox& box, std::size_t category = 0) {
  return {category, box, box[2] * box[3], false, false};
}
TrueObject crowd(const CocoBox& box) { return {0, box, box[2] * box[3], true, false}; }

TEST(CocoFigures, AnEmptyWorldHasNone) {
  for (const double figure : figures_of({}, 3)) EXPECT_EQ(figure, -1);
  const std::vector<CocoPicture> only_found = {{{}, {{0, kBox, 0.9}}}};
  for (const double figure : figures_of(only_found, 1)) EXPECT_EQ(figure, -1);
}

TEST(CocoFigures, OneObjectFoundExactly) {
  const std::vector<CocoPicture> pictures = {{{object(kBox)}, {{0, kBox, 0.9}}}};
  const CocoFigures figures = figures_of(pictures, 1);
  for (const Figure figure : {kAp, kAp50, kAp75, kApMedium, kAr1, kAr10, kAr100, kArMedium})
    EXPECT_NEAR(figures[figure], 1, kExact) << kCocoFigureNames[figure];
  for (const Figure figure : {kApSmall, kApLarge, kArSmall, kArLarge})
    EXPECT_EQ(figures[figure], -1) << kCocoFigureNames[figure];
}

struct OnePicture {
  const char* name;
  CocoPicture picture;
  double ap50, ar100;
};

const OnePicture kPictures[] = {
    {"nothing found", {{object(kBox)}, {}}, 0, 0},
    {"another category", {{object(kBox)}, {{1, kBox, 0.9}}}, 0, 0},
    {"a mistake with a higher score", {{object(kBox)}, {{0, kBox, 0.5}, {0, kFar, 0.9}}}, 0.5, 1},
    {"a mistake with a lower score", {{object(kBox)}, {{0, kBox, 0.9}, {0, kFar, 0.5}}}, 1, 1},
    {"found twice", {{object(kBox)}, {{0, kBox, 0.9}, {0, kBox, 0.8}}}, 1, 1},
    // Recall 0.5 is reached, and with it the levels 0, 0.01, ... 0.5.
    {"one of two", {{object(kBox), object(kFar)}, {{0, kBox, 0.9}}}, 51.0 / 101, 0.5},
    {"a crowd need not be found", {{object(kBox), crowd(kFar)}, {{0, kBox, 0.5}}}, 1, 1},
    {"a crowd takes what lies in it",
     {{object(kBox), crowd({480, 480, 200, 200})}, {{0, kBox, 0.5}, {0, kFar, 0.9}, {0, kFar, 0.8}}},
     1,
     1},
    {"an object goes before a crowd", {{crowd(kBox), object(kBox)}, {{0, kBox, 0.5}}}, 1, 1},
    {"the id zero counts as a mistake", {{{0, kBox, 2500, false, true}}, {{0, kBox, 0.5}}}, 0, 0},
    // Overlaps 0.5 to 0.6 of the ten thresholds are reached: 50 x 30 of 50 x 50.
    {"partly covered", {{object(kBox)}, {{0, {10, 10, 50, 30}, 0.9}}}, 1, 0.3},
};

TEST(CocoFigures, OnePicture) {
  for (const OnePicture& test : kPictures) {
    SCOPED_TRACE(test.name);
    const CocoFigures figures = figures_of({&test.picture, 1}, 2);
    EXPECT_NEAR(figures[kAp50], test.ap50, kExact);
    EXPECT_NEAR(figures[kAr100], test.ar100, kExact);
  }
}

TEST(CocoFigures, EqualScoresRankByPicture) {
  const CocoPicture right = {{object(kBox)}, {{0, kBox, 0.5}}}, wrong = {{}, {{0, kBox, 0.5}}};
  EXPECT_NEAR(figures_of(std::vector{right, wrong}, 1)[kAp50], 1, kExact);
  EXPECT_NEAR(figures_of(std::vector{wrong, right}, 1)[kAp50], 0.5, kExact);
}

TEST(CocoFigures, NoMoreThanAHundredBoxesCount) {
  CocoPicture picture = {{object(kBox)}, {}};
  for (int i = 0; i < 100; ++i) picture.found.push_back({0, kFar, 0.9});
  picture.found.push_back({0, kBox, 0.1});
  EXPECT_EQ(figures_of({&picture, 1}, 1)[kAr100], 0);
  picture.found.erase(picture.found.begin());
  EXPECT_EQ(figures_of({&picture, 1}, 1)[kAr100], 1);
  EXPECT_EQ(figures_of({&picture, 1}, 1)[kAr10], 0);
}

TEST(CocoFigures, AreasDecideByTheOutlineNotTheBox) {
  TrueObject thin = object(kBox);
  thin.area = 100;
  const CocoPicture picture = {{thin}, {{0, kBox, 0.9}}};
  const CocoFigures figures = figures_of({&picture, 1}, 1);
  EXPECT_NEAR(figures[kApSmall], 1, kExact);
  EXPECT_EQ(figures[kApMedium], -1);
}

TEST(ConfusionMatrix, ByHand) {
  ConfusionMatrix confusion;
  EXPECT_EQ(confusion.mean_iou(), 0);
  EXPECT_EQ(confusion.pixel_accuracy(), 0);
  EXPECT_FALSE(confusion.iou(0));
  EXPECT_FALSE(confusion.iou(ConfusionMatrix::kClasses));
  EXPECT_FALSE(confusion.add(std::vector<std::uint8_t>(3), std::vector<std::uint8_t>(4)));
  ASSERT_TRUE(
      confusion.add(std::vector<std::uint8_t>{0, 0, 1, 1, 255, 2}, std::vector<std::uint8_t>{0, 1, 1, 1, 7, 3}));
  EXPECT_EQ(confusion.pixels(), 5u);
  EXPECT_NEAR(confusion.pixel_accuracy(), 3.0 / 5, kExact);
  EXPECT_NEAR(confusion.iou(0).value(), 1.0 / 2, kExact);
  EXPECT_NEAR(confusion.iou(1).value(), 2.0 / 3, kExact);
  EXPECT_EQ(confusion.iou(2), 0.0);
  EXPECT_EQ(confusion.iou(3), 0.0);
  EXPECT_FALSE(confusion.iou(7));  // only where nobody judges
  EXPECT_FALSE(confusion.iou(ConfusionMatrix::kClasses));
  EXPECT_NEAR(confusion.mean_iou(), (1.0 / 2 + 2.0 / 3) / 4, kExact);
}

class Annotations : public ::testing::Test {
 protected:
  Annotations() {
    std::string name = (fs::temp_directory_path() / "mobilenet-annotations-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Annotations() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  fs::path folder_;
};

ModelInfo model_of(std::vector<std::string> labels) {
  ModelInfo info;
  info.source = "model";
  info.classes = static_cast<int>(labels.size());
  info.labels = std::move(labels);
  return info;
}

TEST_F(Annotations, ClassesFromCsv) {
  const auto truth = TrueClasses::read(
      write("a.csv", "\xef\xbb\xbfimage,label,more\r\n\"one, two.jpg\", 7 ,x\r\n\nfolder/b.jpg,-1\na\"\"b.jpg,3"), {});
  ASSERT_TRUE(truth) << truth.error().message;
  EXPECT_EQ(truth->of("elsewhere/one, two.jpg"), 7);
  EXPECT_EQ(truth->of("folder/b.jpg"), -1);
  EXPECT_FALSE(truth->of("b.jpg"));
  EXPECT_FALSE(truth->of("image"));
  EXPECT_EQ(truth->example(), "ab.jpg");
  EXPECT_EQ(TrueClasses().example(), "");
}

TEST_F(Annotations, ClassesFromCsvByName) {
  ModelInfo info = model_of({"background", "tench", "great white shark"});
  info.has_background = true;
  const auto truth =
      TrueClasses::read(write("a.csv", "image,label\na.jpg,Great_White_Shark\nb.jpg,tench\nc.jpg,1\n"), info);
  ASSERT_TRUE(truth) << truth.error().message;
  EXPECT_EQ(truth->of("a.jpg"), 1);
  EXPECT_EQ(truth->of("b.jpg"), 0);
  EXPECT_EQ(truth->of("c.jpg"), 1);
}

TEST_F(Annotations, BrokenCsv) {
  for (const char* text : {"", "image,label\n", "a.jpg,1\nb.jpg,dog\n", "a.jpg,1\nb.jpg\n", "a.jpg,1\nb.jpg,2x\n",
                           "a.jpg,1\nb.jpg,99999999999999\n"}) {
    const auto truth = TrueClasses::read(write("a.csv", text), model_of({"cat"}));
    ASSERT_FALSE(truth) << text;
    EXPECT_NE(truth.error().message.find("a.csv"), std::string::npos);
  }
  EXPECT_FALSE(TrueClasses::read(folder_ / "missing.csv", {}));
}

constexpr const char* kTruth = R"({"info": {"deep": [[[1]]]}, "images": [{"id": 9, "file_name": "x/nine.jpg"},
  {"id": 139.0}, {"id": "name"}], "categories": [{"id": 3}, {"id": 1, "name": "person"}], "annotations": [
  {"id": 1, "image_id": 139, "category_id": 3, "bbox": [1, 2, 3, 4], "area": 5, "iscrowd": 1, "segmentation": [[1, 2]]},
  {"image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4]}, {"image_id": 9, "category_id": 8, "bbox": [1, 2, 3, 4]}]})";

TEST_F(Annotations, CocoInstances) {
  auto truth = CocoTruth::read(write("t.json", kTruth));
  ASSERT_TRUE(truth) << truth.error().message;
  EXPECT_EQ(truth->categories(), 2u);
  EXPECT_EQ(truth->category_with_id(3), 1u);
  EXPECT_EQ(truth->picture_named("elsewhere/nine.jpg"), 0u);
  EXPECT_EQ(truth->picture_named("000000000139.jpg"), 1u);
  EXPECT_EQ(truth->picture_named("name.png"), 2u);
  EXPECT_FALSE(truth->picture_named("other.png"));
  ASSERT_EQ(truth->pictures()[1].truth.size(), 1u);
  const TrueObject& object = truth->pictures()[1].truth.front();
  EXPECT_TRUE(object.crowd);
  EXPECT_EQ(object.area, 5);
  EXPECT_EQ(object.category, 1u);
  EXPECT_TRUE(truth->pictures()[0].truth.empty());

  ASSERT_TRUE(
      truth->read_results(write("r.json", R"([{"image_id": 9, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 0.5},
                    {"image_id": 9, "category_id": 77, "bbox": [0, 0, 1, 1], "score": 0.5}])")));
  EXPECT_EQ(truth->pictures()[0].found.size(), 1u);
}

// The categories by which the classes of a detector are judged.
TEST_F(Annotations, CocoCategoriesByNameAndNumber) {
  struct Case {
    const char* name;
    const char* categories;
    std::vector<std::string> labels;
    int classes;
    std::vector<int> expected;  // per class the id of its category, -1: none; empty: refused
    const char* said;           // unmatched categories, or part of the refusal
  };
  const Case cases[] = {
      {"names and numbers from 1", R"([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])", {"a", "b"}, 2, {1, 2}, ""},
      {"names and numbers from 0", R"([{"id": 0, "name": "a"}, {"id": 1, "name": "b"}])", {"a", "b"}, 2, {0, 1}, ""},
      {"another order", R"([{"id": 1, "name": "B"}, {"id": 2, "name": "a"}])", {"a", "b"}, 2, {2, 1}, ""},
      {"other marks", R"([{"id": 5, "name": "traffic_light"}])", {"Traffic light"}, 1, {5}, ""},
      {"no names in the file", R"([{"id": 1}, {"id": 2}])", {"a", "b"}, 2, {1, 2}, ""},
      {"no names in the model", R"([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])", {}, 2, {1, 2}, ""},
      {"one name differs, the numbers agree",
       R"([{"id": 1, "name": "a"}, {"id": 2, "name": "hotdog"}])",
       {"a", "hog dot"},
       2,
       {1, 2},
       ""},
      {"one name differs, the numbers do not agree",
       R"([{"id": 0, "name": "a"}, {"id": 2, "name": "c"}])",
       {"a", "b"},
       2,
       {0, -1},
       "c"},
      {"more categories", R"([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])", {"a"}, 1, {1}, "b"},
      {"other names",
       R"([{"id": 1, "name": "helmet"}, {"id": 2, "name": "vest"}])",
       {"person", "car"},
       2,
       {},
       "none of its categories (helmet, vest) is a class of model (person, car)"},
      {"other numbers",
       R"([{"id": 7}])",
       {},
       2,
       {},
       "none of its categories (id 7) is a class of model, whose classes have no names"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto truth = CocoTruth::read(write(
        "t.json", std::string(R"({"images": [{"id": 1}], "annotations": [], "categories": )") + c.categories + "}"));
    ASSERT_TRUE(truth) << truth.error().message;
    ModelInfo info = model_of(c.labels);
    info.classes = c.classes;
    const auto unmatched = truth->match_classes(info);
    ASSERT_EQ(static_cast<bool>(unmatched), !c.expected.empty());
    if (!unmatched) {
      EXPECT_NE(unmatched.error().message.find(c.said), std::string::npos) << unmatched.error().message;
      EXPECT_FALSE(truth->set_found(0, {})) << "no class is matched";
      continue;
    }
    EXPECT_EQ(*unmatched, c.said);
    for (std::size_t i = 0; i < c.expected.size(); ++i) {
      Detection found;
      found.class_index = static_cast<int>(i);
      ASSERT_TRUE(truth->set_found(0, {&found, 1}));
      const std::vector<FoundObject>& objects = truth->pictures()[0].found;
      ASSERT_EQ(objects.size(), c.expected[i] < 0 ? 0u : 1u) << i;
      if (c.expected[i] >= 0) {
        EXPECT_EQ(objects[0].category, truth->category_with_id(c.expected[i])) << i;
      }
    }
  }
}

TEST_F(Annotations, BrokenCoco) {
  for (const std::string text : {"", "{", "[]", "3", "{}", R"({"images": [], "annotations": []})",
                                 R"({"images": {}, "annotations": [], "categories": []})",
                                 R"({"images": [3], "annotations": [], "categories": []})",
                                 R"({"images": [{"id": 1.5}], "annotations": [], "categories": []})",
                                 R"({"images": [], "annotations": [], "categories": [{"id": "x"}]})",
                                 R"({"images": [], "annotations": [{}], "categories": []})",
                                 R"({"images": [{"id": 1}], "categories": [{"id": 1}],
                                    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3]}]})",
                                 R"({"images": [{"id": 1}], "categories": [{"id": 1}],
                                    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": "x"}]})"}) {
    const auto truth = CocoTruth::read(write("t.json", text));
    ASSERT_FALSE(truth) << text;
    EXPECT_NE(truth.error().message.find("t.json"), std::string::npos);
  }
  EXPECT_FALSE(CocoTruth::read(write("deep.json", std::string(1 << 16, '['))));

  auto truth = CocoTruth::read(write("t.json", kTruth));
  ASSERT_TRUE(truth);
  for (const char* text : {"{}", "[3]", R"([{"image_id": 9, "category_id": 1, "bbox": [0, 0, 1, 1]}])",
                           R"([{"image_id": 8, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}])",
                           R"([{"image_id": 9, "category_id": 1, "bbox": [0, 0, 1, 1e999], "score": 1}])"})
    EXPECT_FALSE(truth->read_results(write("r.json", text))) << text;
}

TEST_F(Annotations, CocoEvaluationCountsThePicturesThatWereAdded) {
  auto evaluation =
      CocoEvaluation::read(write("t.json", R"({"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1}],
      "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 50, 50]},
                      {"id": 2, "image_id": 2, "category_id": 1, "bbox": [10, 10, 50, 50]}]})"));
  ASSERT_TRUE(evaluation) << evaluation.error().message;
  EXPECT_EQ(evaluation->pictures(), 2u);
  EXPECT_EQ(evaluation->result().value()[kAp], -1) << "nothing was added";
  const auto too_early = evaluation->add(0, {});
  ASSERT_FALSE(too_early) << "the classes are not matched";
  EXPECT_EQ(too_early.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(evaluation->result().value()[kAp], -1) << "what failed does not count";
  ASSERT_TRUE(evaluation->match_classes(model_of({"cat"})));
  const Detection right[] = {{0, "cat", 0.9f, 10, 10, 60, 60}, {-1, "", 0.9f, 0, 0, 1, 1}, {7, "", 0.9f, 0, 0, 1, 1}};
  ASSERT_TRUE(evaluation->add(0, right));
  EXPECT_NEAR(evaluation->result().value()[kAp], 1, kExact) << "the second picture does not count yet";
  ASSERT_TRUE(evaluation->add(1, {}));
  EXPECT_LT(evaluation->result().value()[kAp], 0.6);
  EXPECT_FALSE(evaluation->add(2, {}));

  CocoResults results;
  EXPECT_EQ(results.json(), "[]\n");
  ASSERT_TRUE(results.add("x/2.jpg", std::span(right).first(1)));
  ASSERT_TRUE(results.add("x/none.jpg", {}));
  ASSERT_TRUE(results.add("1.jpg", std::span(right).first(1)));
  EXPECT_EQ(results.size(), 2u);
  EXPECT_EQ(results.json(), R"([{"image_id":2,"category_id":1,"bbox":[10.0,10.0,50.0,50.0],"score":0.9},)"
                            R"({"image_id":1,"category_id":1,"bbox":[10.0,10.0,50.0,50.0],"score":0.9}])"
                            "\n");
  ASSERT_TRUE(evaluation->add_results(write("r.json", results.json())));
  EXPECT_NEAR(evaluation->result().value()[kAp], 1, kExact) << "in place of what was added before";
}

}  // namespace
}  // namespace mobilenet::evaluation
