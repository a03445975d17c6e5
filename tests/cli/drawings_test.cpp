// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Pictures and masks on their way to files.

#include "cli/results/drawings.h"

#include <gtest/gtest.h>
#include <mobilenet/encode.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mobilenet::cli {
namespace {

class WritePicture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "mobilenet-pictures-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::size_t files() const {
    const auto all = std::filesystem::directory_iterator(folder_);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  static Result<void> draw_nothing(Image&) { return {}; }
  std::filesystem::path folder_;
  Image turned_{std::make_unique<std::byte[]>(3 * 4 * 2), 4, 2, Orientation::rotate_90};
};

TEST_F(WritePicture, NoFileOfAnotherKind) {
  EXPECT_FALSE(annotate(folder_ / "a.gif", turned_, draw_nothing));
  EXPECT_FALSE(write_mask(folder_ / "a.jpg", std::vector<std::uint8_t>(4), 2, 2));
  EXPECT_EQ(files(), 0u);
}

TEST_F(WritePicture, NoFileOfWhatCannotBeDrawnOrEncoded) {
  if (!picture_format_of("a.png")) GTEST_SKIP() << "no PNG in this build";
  const auto fails = [](Image&) -> Result<void> { return Error{ErrorCode::unsupported, "no pencil"}; };
  EXPECT_EQ(annotate(folder_ / "a.png", turned_, fails).error().message, "no pencil");
  EXPECT_EQ(write_mask(folder_ / "a.png", std::vector<std::uint8_t>(9), 10, 10).error().message,
            (folder_ / "a.png").string() + ": cannot make a PNG of 10x10 pixels from 9 bytes");
  EXPECT_EQ(files(), 0u);
}

TEST_F(WritePicture, AnUprightCopyAndNothingElse) {
  if (!picture_format_of("a.png")) GTEST_SKIP() << "no PNG in this build";
  for (int time = 0; time < 2; ++time) {
    const auto written = annotate({folder_ / "a.png", IfExists::replace}, turned_, draw_nothing);
    ASSERT_TRUE(written) << written.error().message;
  }
  EXPECT_EQ(files(), 1u) << "no temporary file is left";
  EXPECT_EQ(Image::open(folder_ / "a.png").value().width(), 2);
  EXPECT_EQ(turned_.orientation(), Orientation::rotate_90) << "the picture itself stays";
}

TEST_F(WritePicture, AFolderThatIsMissingIsSaid) {
  if (!picture_format_of("a.png")) GTEST_SKIP() << "no PNG in this build";
  const auto written = annotate(folder_ / "none" / "a.png", turned_, draw_nothing);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::not_found);
  EXPECT_NE(written.error().message.find("none/a.png: cannot create it"), std::string::npos) << written.error().message;
}

}  // namespace
}  // namespace mobilenet::cli
