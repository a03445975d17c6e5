// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The texts that results are made of: what names and labels from anywhere become in CSV, XML, HTML and on the disk.
#include <gtest/gtest.h>

#include <cstring>
#include <span>

#include "cli/results/box_files.h"
#include "cli/results/class_folders.h"
#include "cli/results/html_report.h"
#include "cli/results/picture_answer.h"
#include "cli/results/picture_files.h"
#include "cli/results/tables.h"
#include "cli/results/thumbnail.h"

namespace mobilenet::cli {
namespace {

TEST(Results, FieldsOfATable) {
  EXPECT_EQ(csv_field("a.jpg"), "a.jpg");
  EXPECT_EQ(csv_field("a, b"), "\"a, b\"");
  EXPECT_EQ(csv_field("say \"no\""), "\"say \"\"no\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_field("caf\xe9"), "caf\xef\xbf\xbd");
  EXPECT_EQ(csv_field(""), "");
}

TEST(Results, TextOfXml) {
  EXPECT_EQ(xml_text("a<b>&\"c"), "a&lt;b&gt;&amp;&quot;c");
  EXPECT_EQ(xml_text("\x01"
                     "b\xff"),
            "\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(xml_text("Stra\xc3\x9f"
                     "e"),
            "Stra\xc3\x9f"
            "e");
}

TEST(Results, NamesOfFolders) {
  EXPECT_EQ(folder_name("dog"), "dog");
  EXPECT_EQ(folder_name("../../etc"), "_.._.._etc");
  EXPECT_EQ(folder_name("a/b\\c:d"), "a_b_c_d");
  EXPECT_EQ(folder_name(".hidden"), "_.hidden");
  EXPECT_EQ(folder_name(""), "_");
  EXPECT_EQ(folder_name("..."), "_");
  EXPECT_EQ(folder_name("end. "), "end");
  EXPECT_LE(folder_name(std::string(400, 'x')).size(), 100u);
  const std::string long_name = folder_name("x" + std::string(99, 'y') + "\xc3\x9f");
  EXPECT_EQ(long_name, "x" + std::string(99, 'y')) << "no half letter";
}

TEST(Results, Base64IsThatOfRfc4648) {
  const auto of = [](const char* text) { return base64(std::as_bytes(std::span(text, std::strlen(text)))); };
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("f"), "Zg==");
  EXPECT_EQ(of("fo"), "Zm8=");
  EXPECT_EQ(of("foo"), "Zm9v");
  EXPECT_EQ(of("foobar"), "Zm9vYmFy");
}

TEST(Results, NothingEndsAScript) {
  EXPECT_EQ(script_json({{"name", "</script><!--\xff"}}), "{\"name\":\"\\u003c/script>\\u003c!--\xef\xbf\xbd\"}");
}

TEST(Results, PlacesBelowAFolderAreDifferent) {
  std::vector<PictureSource> pictures;
  for (const char* below : {"a.jpg", "x/a.png", "A.JPG", "x/a.bmp", "b.jpg"}) pictures.push_back({below, {}, below});
  pictures.push_back({"missing.jpg", "there is none", "missing.jpg"});
  pictures.push_back({"-", {}, "-"});
  std::vector<std::string> places;
  for (const auto& place : places_below_folder(pictures, [](const auto&) { return ".txt"; }))
    places.push_back(place.string());
  EXPECT_EQ(places, (std::vector<std::string>{"a.txt", "x/a.txt", "A_2.txt", "x/a_2.txt", "b.txt", "", "stdin.txt"}));
}

TEST(Results, ThumbnailsAreMeansAndUpright) {
  // 480x240: the left half black, the right half two greys in turns, whose mean is 100.
  constexpr int kWidth = 480, kHeight = 240;
  auto pixels = std::make_unique<std::byte[]>(std::size_t{kWidth} * kHeight * 3);
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      std::memset(&pixels[(static_cast<std::size_t>(y) * kWidth + static_cast<std::size_t>(x)) * 3],
                  x < kWidth / 2     ? 0
                  : (x + y) % 2 == 0 ? 50
                                     : 150,
                  3);
  const Image picture(std::move(pixels), kWidth, kHeight, Orientation::rotate_90);
  auto small = make_thumbnail(picture);
  ASSERT_TRUE(small) << small.error().message;
  EXPECT_EQ(small->width(), 120);
  EXPECT_EQ(small->height(), 240);
  const auto level = [&](int x, int y) {
    return std::to_integer<int>(small->pixels()[static_cast<std::size_t>(y * 120 + x) * 3]);
  };
  EXPECT_EQ(level(60, 10), 0);
  EXPECT_EQ(level(60, 230), 100);

  const Image tiny(std::make_unique<std::byte[]>(3), 1, 1, Orientation::upright);
  EXPECT_EQ(make_thumbnail(tiny)->width(), 1);
  const Image line(std::make_unique<std::byte[]>(std::size_t{3} * 1000), 1000, 1, Orientation::upright);
  EXPECT_EQ(make_thumbnail(line)->width(), 240);
  EXPECT_EQ(make_thumbnail(line)->height(), 1);
}

TEST(Results, TheMainClass) {
  PictureAnswer answer;
  EXPECT_EQ(answer.main_class(), "");
  answer.detections = {{.class_index = 1, .label = "cat", .score = 0.5f},
                       {.class_index = 7, .label = "", .score = 0.9f},
                       {.class_index = 1, .label = "cat", .score = 0.4f}};
  EXPECT_EQ(answer.main_class(), "class 7");
  EXPECT_EQ(answer.all_classes(), (std::vector<std::string>{"cat", "class 7"}));
  PictureAnswer unsure;
  unsure.classes = {{.index = 3, .label = "owl", .score = 0.1f}};
  unsure.sure = false;
  EXPECT_EQ(unsure.main_class(), "not sure");
}

}  // namespace
}  // namespace mobilenet::cli
