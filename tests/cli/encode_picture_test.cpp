// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Pictures turned upright, written and read back.

#include "cli/encode_picture.h"

#include <gtest/gtest.h>
#include <mobilenet/image.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/annotate.h"
#include "cli/output/files.h"
#include "cli/palette.h"
#include "cli/rgb_picture.h"

#ifdef MOBILENET_WITH_PNG
#include <spng.h>
#endif

namespace mobilenet::cli {
namespace {

class PictureFiles : public ::testing::Test {
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
  std::filesystem::path folder_;
};

// Smooth, with another colour in every pixel.
RgbPicture gradient(int width, int height) {
  RgbPicture picture{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)}) {
        picture.rgb.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return picture;
}

// Orientation by orientation: what a viewer sees of the stored rows "abc" and "def".
TEST(UprightPicture, AllOrientationsAndFormats) {
  struct Case {
    const char* name;
    Orientation orientation;
    int width;
    const char* upright;
  };
  const Case cases[] = {
      {"upright", Orientation::upright, 3, "abcdef"},
      {"flipped horizontally", Orientation::flip_horizontal, 3, "cbafed"},
      {"half a turn", Orientation::rotate_180, 3, "fedcba"},
      {"flipped vertically", Orientation::flip_vertical, 3, "defabc"},
      {"transposed", Orientation::transpose, 2, "adbecf"},
      {"a quarter turn clockwise", Orientation::rotate_90, 2, "daebfc"},
      {"transposed the other way", Orientation::transverse, 2, "fcebda"},
      {"a quarter turn counter-clockwise", Orientation::rotate_270, 2, "cfbead"},
  };
  struct Format {
    PixelFormat format;
    std::size_t bytes, red, green, blue;
  };
  const Format formats[] = {{PixelFormat::rgb, 3, 0, 1, 2},
                            {PixelFormat::bgr, 3, 2, 1, 0},
                            {PixelFormat::rgba, 4, 0, 1, 2},
                            {PixelFormat::bgra, 4, 2, 1, 0},
                            {PixelFormat::grey, 1, 0, 0, 0}};
  for (const Case& c : cases) {
    for (const Format& format : formats) {
      SCOPED_TRACE(c.name + std::string(", format ") + std::to_string(static_cast<int>(format.format)));
      constexpr std::size_t kRowBytes = 16;  // with padding
      const bool grey = format.format == PixelFormat::grey;
      std::array<std::uint8_t, 2 * kRowBytes> stored{};
      for (std::size_t i = 0; i < 6; ++i) {
        std::uint8_t* pixel = stored.data() + i / 3 * kRowBytes + i % 3 * format.bytes;
        const auto letter = static_cast<std::uint8_t>('a' + i);
        pixel[format.blue] = static_cast<std::uint8_t>(letter + 200 - 255);
        pixel[format.green] = static_cast<std::uint8_t>(letter + 100);
        pixel[format.red] = letter;
      }
      for (const bool bottom_up : {false, true}) {
        ImageView view = ImageView::packed(stored.data(), format.format, 3, 2, kRowBytes);
        view.orientation = c.orientation;
        std::array<std::uint8_t, 2 * kRowBytes> reversed{};
        if (bottom_up) {
          std::copy_n(stored.begin(), kRowBytes, reversed.begin() + kRowBytes);
          std::copy_n(stored.begin() + kRowBytes, kRowBytes, reversed.begin());
          view.planes[0] = reversed.data() + kRowBytes;
          view.row_bytes[0] = -static_cast<std::ptrdiff_t>(kRowBytes);
        }
        const auto upright = upright_picture(view);
        ASSERT_TRUE(upright) << upright.error().message;
        EXPECT_EQ(upright->width, c.width);
        EXPECT_EQ(upright->height, 6 / c.width);
        std::string seen;
        for (int i = 0; i < 6; ++i) {
          const std::uint8_t* pixel = upright->pixel(i % c.width, i / c.width);
          seen += static_cast<char>(pixel[0]);
          EXPECT_EQ(pixel[1], static_cast<std::uint8_t>(pixel[0] + (grey ? 0 : 100)));
        }
        EXPECT_EQ(seen, c.upright);
      }
    }
  }
}

TEST(UprightPicture, RefusesWhatItCannotCopy) {
  EXPECT_FALSE(upright_picture(ImageView{}));
  const std::vector<float> planes(12);
  EXPECT_FALSE(upright_picture(ImageView::packed(planes.data(), PixelFormat::rgb_float_planes, 2, 2)));
}

TEST_F(PictureFiles, TheEndingChooses) {
  const auto message = [](const char* name) {
    const auto kind = picture_file_of(name);
    return kind ? std::string("fine") : kind.error().message;
  };
  EXPECT_EQ(message("a.gif"), "a.gif: pictures are written to .png, .jpg or .jpeg files");
  EXPECT_EQ(message("picture"), "picture: pictures are written to .png, .jpg or .jpeg files");
  EXPECT_EQ(message(".png"), ".png: pictures are written to .png, .jpg or .jpeg files") << "a name, no ending";
#ifdef MOBILENET_WITH_PNG
  EXPECT_EQ(*picture_file_of("a.PNG"), PictureFile::png);
#endif
#ifdef MOBILENET_WITH_JPEG
  EXPECT_EQ(*picture_file_of("a.b.jpg"), PictureFile::jpeg);
  EXPECT_EQ(*picture_file_of("a.Jpeg"), PictureFile::jpeg);
#endif
  EXPECT_FALSE(write_picture(folder_ / "a.gif", gradient(4, 4)));
  EXPECT_FALSE(write_mask(folder_ / "a.jpg", std::vector<std::uint8_t>(4), 2, 2));
  EXPECT_EQ(files(), 0u);
}

#ifdef MOBILENET_WITH_PNG
TEST_F(PictureFiles, PngKeepsEveryPixel) {
  for (const auto& [width, height] : {std::pair{1, 1}, std::pair{37, 21}, std::pair{640, 480}}) {
    const RgbPicture picture = gradient(width, height);
    const auto path = folder_ / "picture.png";
    const auto written = write_picture({path, IfExists::replace}, picture);
    ASSERT_TRUE(written) << written.error().message;
    const auto file = read_file(path);
    ASSERT_TRUE(file);
    const auto image = Image::decode(*file);
    ASSERT_TRUE(image) << image.error().message;
    const auto back = upright_picture(*image);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->width, width);
    EXPECT_EQ(back->height, height);
    EXPECT_EQ(back->rgb, picture.rgb);
  }
  EXPECT_EQ(files(), 1u) << "no temporary file is left";
}

TEST_F(PictureFiles, MasksKeepTheirNumbersAndHaveThePalette) {
  constexpr int kWidth = 40, kHeight = 13;
  std::vector<std::uint8_t> mask;
  for (int i = 0; i < kWidth * kHeight; ++i) mask.push_back(static_cast<std::uint8_t>(i * 7));
  const auto path = folder_ / "mask.png";
  const auto written = write_mask(path, mask, kWidth, kHeight);
  ASSERT_TRUE(written) << written.error().message;
  const auto file = read_file(path);
  ASSERT_TRUE(file);

  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> reader(spng_ctx_new(0), &spng_ctx_free);
  ASSERT_EQ(spng_set_png_buffer(reader.get(), file->data(), file->size()), 0);
  spng_ihdr header{};
  ASSERT_EQ(spng_get_ihdr(reader.get(), &header), 0);
  EXPECT_EQ(header.width, 40u);
  EXPECT_EQ(header.height, 13u);
  EXPECT_EQ(header.color_type, SPNG_COLOR_TYPE_INDEXED);
  EXPECT_EQ(header.bit_depth, 8);
  spng_plte palette{};
  ASSERT_EQ(spng_get_plte(reader.get(), &palette), 0);
  ASSERT_EQ(palette.n_entries, 256u);
  for (unsigned i = 0; i < 256; ++i) {
    const spng_plte_entry& entry = palette.entries[i];
    EXPECT_EQ((Colour{entry.red, entry.green, entry.blue}), voc_colour(static_cast<std::uint8_t>(i))) << i;
  }
  std::vector<std::uint8_t> back(mask.size());
  ASSERT_EQ(spng_decode_image(reader.get(), back.data(), back.size(), SPNG_FMT_RAW, 0), 0);
  EXPECT_EQ(back, mask);
}

TEST_F(PictureFiles, RefusesPixelsThatDoNotFit) {
  const RgbPicture wrong{10, 10, std::vector<std::uint8_t>(299)};
  const auto written = write_picture(folder_ / "a.png", wrong);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message,
            (folder_ / "a.png").string() + ": cannot make a PNG of 10x10 pixels from 299 bytes");
  EXPECT_FALSE(write_mask(folder_ / "a.png", {}, 0, 0));
  EXPECT_FALSE(write_mask(folder_ / "a.png", std::vector<std::uint8_t>(9), -3, -3));
  EXPECT_EQ(files(), 0u);
}

// A little-endian EXIF block that says: orientation.
std::vector<std::byte> exif_block(unsigned orientation) {
  std::vector<std::byte> block;
  const unsigned values[] = {'I', 'I', 42, 0, 8, 0,           0, 0, 1, 0, 0x12, 1, 3,
                             0,   1,   0,  0, 0, orientation, 0, 0, 0, 0, 0,    0, 0};
  for (const unsigned value : values) block.push_back(static_cast<std::byte>(value));
  return block;
}

std::vector<std::byte> profile_of(std::string_view colour_space) {
  std::vector<std::byte> profile(70'000, std::byte{7});  // more than a JPEG segment holds
  std::memcpy(profile.data() + 16, colour_space.data(), colour_space.size());
  return profile;
}

TEST_F(PictureFiles, AnnotatedCopiesKeepExifAndProfile) {
  const RgbPicture stored = gradient(30, 20);
  for (const char* colours : {"RGB ", "GRAY", "CMYK"}) {
    const auto exif = exif_block(6), profile = profile_of(colours);
    const Image image = Image::decode(encode_png(stored, {exif, profile}).value()).value();
    ASSERT_EQ(image.orientation(), Orientation::rotate_90);
    for (const char* name : {"copy.png", "copy.jpg"}) {
      const auto written =
          annotate_file({folder_ / name, IfExists::replace}, image, [](RgbPicture&) { return Result<void>(); });
      if (!written && written.error().code == ErrorCode::unsupported) continue;  // a codec is not built in
      ASSERT_TRUE(written) << written.error().message;
      const Image copy = Image::open(folder_ / name).value();
      EXPECT_EQ(copy.width(), 20) << name;
      EXPECT_EQ(copy.orientation(), Orientation::upright) << name;
      EXPECT_TRUE(std::ranges::equal(copy.exif(), exif_block(1))) << name;
      const auto expected = std::string_view(colours) == "RGB " ? profile : std::vector<std::byte>();
      EXPECT_TRUE(std::ranges::equal(copy.icc_profile(), expected)) << name << ' ' << colours;
    }
  }
}

TEST_F(PictureFiles, AFolderThatIsMissingIsSaid) {
  const auto written = write_picture(folder_ / "none" / "a.png", gradient(4, 4));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::not_found);
  EXPECT_NE(written.error().message.find("none/a.png: cannot create it"), std::string::npos) << written.error().message;
}
#endif

#ifdef MOBILENET_WITH_JPEG
TEST_F(PictureFiles, JpegStaysClose) {
  // Quality 92 without subsampling, on a gradient: the rounding of the coefficients and of the colour conversion.
  constexpr int kTolerance = 8;
  const RgbPicture picture = gradient(320, 200);
  const auto path = folder_ / "picture.jpg";
  const auto written = write_picture({path, IfExists::replace}, picture);
  ASSERT_TRUE(written) << written.error().message;
  const auto file = read_file(path);
  ASSERT_TRUE(file);
  const auto image = Image::decode(*file);
  ASSERT_TRUE(image) << image.error().message;
  const auto back = upright_picture(*image);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->rgb.size(), picture.rgb.size());
  int worst = 0;
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) worst = std::max(worst, std::abs(back->rgb[i] - picture.rgb[i]));
  EXPECT_LE(worst, kTolerance);
}

TEST_F(PictureFiles, JpegHasALargestSize) {
  const RgbPicture wide{70000, 1, std::vector<std::uint8_t>(3 * 70000)};
  const auto written = write_picture(folder_ / "a.jpg", wide);
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("at most 65500 pixels a side"), std::string::npos) << written.error().message;
}
#endif

}  // namespace
}  // namespace mobilenet::cli
