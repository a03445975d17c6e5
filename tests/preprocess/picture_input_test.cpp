// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// PictureInput as a whole: formats, strides, orientations, encodings, padding, refusals.

#include "preprocess/picture_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "preprocess/noise_picture.h"

namespace mobilenet::testing {
namespace {

// Floats through a byte-free resize differ from rounded bytes by up to half a step in each pass.
constexpr int kRoundingSteps = 1;

PreprocessSpec raw(ResizeMode mode) {
  PreprocessSpec spec;
  spec.mode = mode;
  spec.encoding = InputEncoding::raw_u8;
  return spec;
}

// Pixels in some format, between rows of other bytes, top down or bottom up.
struct StoredPicture {
  std::vector<std::uint8_t> bytes;
  ImageView view;
};

StoredPicture stored(const NoisePicture& noise, PixelFormat format, std::ptrdiff_t row_bytes) {
  const bool alpha = format == PixelFormat::rgba || format == PixelFormat::bgra;
  const bool swapped = format == PixelFormat::bgr || format == PixelFormat::bgra;
  const int step = format == PixelFormat::grey ? 1 : alpha ? 4 : 3;
  StoredPicture picture;
  picture.bytes.assign(static_cast<std::size_t>(std::abs(row_bytes) * noise.height), 0xa5);
  std::uint8_t* top = picture.bytes.data() + (row_bytes < 0 ? -row_bytes * (noise.height - 1) : 0);
  for (int y = 0; y < noise.height; ++y)
    for (int x = 0; x < noise.width; ++x) {
      std::uint8_t* pixel = top + y * row_bytes + x * step;
      for (int c = 0; c < std::min(step, 3); ++c) pixel[c] = noise.at(x, y, swapped ? 2 - c : c);
      if (alpha) pixel[3] = static_cast<std::uint8_t>(x * 37 + y);  // must not matter
    }
  picture.view = ImageView::packed(top, format, noise.width, noise.height, row_bytes);
  return picture;
}

TEST(PictureInput, FormatsAndStridesGiveTheSameTensor) {
  const NoisePicture noise(37, 23);
  const PreprocessSpec spec = raw(ResizeMode::squash);
  const auto expected = network_input<std::uint8_t>(spec, 16, 12, noise.view());
  for (const PixelFormat format : {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra})
    for (const std::ptrdiff_t row_bytes : {37 * 4, 37 * 4 + 5, -37 * 4, -200}) {
      const StoredPicture picture = stored(noise, format, row_bytes);
      EXPECT_EQ(network_input<std::uint8_t>(spec, 16, 12, picture.view), expected)
          << "format " << static_cast<int>(format) << ", stride " << row_bytes;
    }
}

TEST(PictureInput, GreyIsThreeEqualChannels) {
  const NoisePicture noise(20, 15);
  const StoredPicture grey = stored(noise, PixelFormat::grey, 24);
  NoisePicture expanded = noise;
  for (std::size_t i = 0; i < expanded.rgb.size(); ++i) expanded.rgb[i] = noise.rgb[i / 3 * 3];
  const PreprocessSpec spec = raw(ResizeMode::crop_square);
  EXPECT_EQ(network_input<std::uint8_t>(spec, 9, 9, grey.view),
            network_input<std::uint8_t>(spec, 9, 9, expanded.view()));
}

TEST(PictureInput, FloatPlanesComeCloseToBytes) {
  const NoisePicture noise(31, 22);
  constexpr std::ptrdiff_t kRowFloats = 33;
  std::vector<float> planes(3 * 22 * kRowFloats, std::numeric_limits<float>::quiet_NaN());
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < 22; ++y)
      for (int x = 0; x < 31; ++x)
        planes[static_cast<std::size_t>((c * 22 + y) * kRowFloats + x)] =
            static_cast<float>(noise.at(x, y, c)) / 255.0f;
  ImageView view = ImageView::packed(planes.data(), PixelFormat::rgb_float_planes, 31, 22, kRowFloats * 4);
  PreprocessSpec spec = raw(ResizeMode::squash);
  const auto expected = network_input<std::uint8_t>(spec, 14, 19, noise.view());
  const auto got = network_input<std::uint8_t>(spec, 14, 19, view);
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], kRoundingSteps) << i;

  // Planes in any order of memory, bottom up: only the pointers count.
  for (std::size_t c = 0; c < 3; ++c) {
    view.planes[c] = planes.data() + static_cast<std::ptrdiff_t>(c * 22 + 21) * kRowFloats;
    view.row_bytes[c] = -kRowFloats * 4;
  }
  view.orientation = Orientation::flip_vertical;
  EXPECT_EQ(network_input<std::uint8_t>(spec, 14, 19, view), got);
}

TEST(PictureInput, FloatsAreRoundedOnlyForByteNetworks) {
  const std::vector<float> planes = {0.1f, 1.5f, -0.3f, 0.5f, std::numeric_limits<float>::quiet_NaN(), 1.0f};
  const ImageView view = ImageView::packed(planes.data(), PixelFormat::rgb_float_planes, 2, 1);
  PreprocessSpec spec = raw(ResizeMode::squash);
  spec.filter = ResizeFilter::tf_bilinear_legacy;
  EXPECT_EQ(network_input<std::uint8_t>(spec, 1, 2, view), (std::vector<std::uint8_t>{26, 0, 0, 255, 128, 255}));
  spec.encoding = InputEncoding::raw_i8;
  EXPECT_EQ(network_input<std::int8_t>(spec, 1, 2, view), (std::vector<std::int8_t>{-102, -128, -128, 127, 0, 127}));
  spec.encoding = InputEncoding::normalize;
  spec.mean = {0, 0, 0};
  spec.deviation = {1, 1, 1};
  spec.divide_by_255 = true;
  const auto floats = network_input<float>(spec, 1, 2, view);
  EXPECT_FLOAT_EQ(floats[0], 0.1f);
  EXPECT_FLOAT_EQ(floats[1], -0.3f);
  EXPECT_FLOAT_EQ(floats[3], 1.5f);
}

// What a viewer sees, as new pixels: the definition of each orientation by where a stored pixel goes.
NoisePicture turned(const NoisePicture& stored, Orientation orientation) {
  const bool swapped = orientation >= Orientation::transpose;
  NoisePicture upright(swapped ? stored.height : stored.width, swapped ? stored.width : stored.height);
  for (int y = 0; y < stored.height; ++y)
    for (int x = 0; x < stored.width; ++x) {
      const int right = stored.width - 1 - x, below = stored.height - 1 - y;
      int new_x = x, new_y = y;
      switch (orientation) {
        case Orientation::upright:
          break;
        case Orientation::flip_horizontal:
          new_x = right;
          break;
        case Orientation::rotate_180:
          new_x = right, new_y = below;
          break;
        case Orientation::flip_vertical:
          new_y = below;
          break;
        case Orientation::transpose:
          new_x = y, new_y = x;
          break;
        case Orientation::rotate_90:
          new_x = below, new_y = x;
          break;
        case Orientation::transverse:
          new_x = below, new_y = right;
          break;
        case Orientation::rotate_270:
          new_x = y, new_y = right;
          break;
      }
      for (int c = 0; c < 3; ++c)
        upright.rgb[static_cast<std::size_t>((new_y * upright.width + new_x) * 3 + c)] = stored.at(x, y, c);
    }
  return upright;
}

TEST(PictureInput, OrientationsEqualTurnedPixels) {
  const NoisePicture noise(41, 26);
  for (const ResizeMode mode : {ResizeMode::squash, ResizeMode::crop_square, ResizeMode::central_crop, ResizeMode::pad})
    for (const ResizeFilter filter : {ResizeFilter::pil_bilinear, ResizeFilter::tf_bilinear_legacy})
      for (int value = 1; value <= 8; ++value) {
        PreprocessSpec spec = raw(mode);
        spec.filter = filter;
        ImageView view = noise.view();
        view.orientation = static_cast<Orientation>(value);
        const NoisePicture upright = turned(noise, view.orientation);
        EXPECT_EQ(network_input<std::uint8_t>(spec, 15, 11, view),
                  network_input<std::uint8_t>(spec, 15, 11, upright.view()))
            << "orientation " << value << ", mode " << static_cast<int>(mode);
      }
}

TEST(PictureInput, OrientationsMeetFormatsAndStrides) {
  const NoisePicture noise(19, 33);
  for (int value = 1; value <= 8; ++value) {
    StoredPicture picture = stored(noise, PixelFormat::bgra, -19 * 4 - 12);
    picture.view.orientation = static_cast<Orientation>(value);
    EXPECT_EQ(
        network_input<std::uint8_t>(raw(ResizeMode::squash), 8, 8, picture.view),
        network_input<std::uint8_t>(raw(ResizeMode::squash), 8, 8, turned(noise, picture.view.orientation).view()));
  }
}

TEST(PictureInput, NormalizesStepByStepInFloat32) {
  const NoisePicture noise(16, 16);
  PreprocessSpec spec = raw(ResizeMode::squash);
  const auto bytes = network_input<std::uint8_t>(spec, 16, 16, noise.view());
  spec.encoding = InputEncoding::normalize;
  spec.mean = {0.485f, 0.456f, 0.406f};
  spec.deviation = {0.229f, 0.224f, 0.225f};
  for (const bool divide : {false, true}) {
    spec.divide_by_255 = divide;
    const auto floats = network_input<float>(spec, 16, 16, noise.view());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const float byte = bytes[i];
      const volatile float scaled = divide ? byte / 255.0f : byte * spec.rescale;
      const volatile float shifted = scaled - spec.mean[i % 3];
      ASSERT_EQ(floats[i], shifted / spec.deviation[i % 3]);
    }
  }
}

TEST(PictureInput, ByteNetworksGetBytes) {
  const NoisePicture noise(8, 8);
  EXPECT_EQ(network_input<std::uint8_t>(raw(ResizeMode::squash), 8, 8, noise.view()), noise.rgb);
  PreprocessSpec spec = raw(ResizeMode::squash);
  spec.encoding = InputEncoding::raw_i8;
  const auto signed_bytes = network_input<std::int8_t>(spec, 8, 8, noise.view());
  for (std::size_t i = 0; i < noise.rgb.size(); ++i) EXPECT_EQ(signed_bytes[i], noise.rgb[i] - 128);
}

TEST(PictureInput, SwapsRedAndBlueBeforeTheMeans) {
  const std::uint8_t pixel[] = {10, 20, 30};
  PreprocessSpec spec = raw(ResizeMode::squash);
  spec.swap_red_blue = true;
  const ImageView view = ImageView::packed(pixel, PixelFormat::rgb, 1, 1);
  EXPECT_EQ(network_input<std::uint8_t>(spec, 1, 1, view), (std::vector<std::uint8_t>{30, 20, 10}));
  spec.encoding = InputEncoding::normalize;
  spec.rescale = 1;
  spec.mean = {1, 2, 3};  // of the network's first, second and third channel
  spec.deviation = {1, 1, 1};
  EXPECT_EQ(network_input<float>(spec, 1, 1, view), (std::vector<float>{29, 18, 7}));
}

TEST(PictureInput, PaddingIsEncodedLikePixels) {
  const std::uint8_t white[] = {255, 255, 255, 255, 255, 255};
  const ImageView line = ImageView::packed(white, PixelFormat::rgb, 2, 1);
  PreprocessSpec spec;
  spec.mode = ResizeMode::pad;
  spec.divide_by_255 = true;
  const std::vector<float> padded = network_input<float>(spec, 2, 2, line);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(padded[i], 1.0f);
    EXPECT_EQ(padded[6 + i], 0.0f);  // 127.5 is the middle
  }
  spec.encoding = InputEncoding::raw_u8;
  EXPECT_EQ(network_input<std::uint8_t>(spec, 2, 2, line)[6], 128);

  // A crop that sticks out is black before it is normalised.
  PreprocessSpec edge;
  edge.mode = ResizeMode::shortest_edge_crop;
  edge.shortest_edge = 1;
  edge.crop_size = 3;
  const std::vector<float> cropped = network_input<float>(edge, 3, 3, ImageView::packed(white, PixelFormat::rgb, 1, 1));
  for (std::size_t i = 0; i < cropped.size(); ++i) EXPECT_EQ(cropped[i], i / 3 == 4 ? 1.0f : -1.0f) << i;
}

TEST(PictureInput, DegenerateSizes) {
  PreprocessSpec edge = raw(ResizeMode::shortest_edge_crop);
  edge.shortest_edge = 36;
  edge.crop_size = 32;
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 500}, {500, 1}, {2, 1}, {1, 4000}, {4000, 2}}) {
    const NoisePicture noise(width, height);
    for (PreprocessSpec spec : {raw(ResizeMode::crop_square), raw(ResizeMode::central_crop), raw(ResizeMode::squash),
                                raw(ResizeMode::pad), edge})
      for (const ResizeFilter filter :
           {ResizeFilter::pil_bilinear, ResizeFilter::pil_bicubic, ResizeFilter::tf_bilinear_legacy,
            ResizeFilter::tf_bilinear_corners, ResizeFilter::tf_bilinear_half_pixel}) {
        spec.filter = filter;
        EXPECT_EQ(network_input<std::uint8_t>(spec, 32, 32, noise.view()).size(), 32u * 32 * 3);
        EXPECT_EQ(network_input<std::uint8_t>(spec, 1, 1, noise.view()).size(), 3u);
      }
  }
}

TEST(PictureInput, ImpossibleViewsAreRefused) {
  const NoisePicture noise(8, 8);
  auto pictures = PictureInput::create(raw(ResizeMode::squash), 4, 4, DataType::u8).value();
  std::uint8_t out[48];
  const auto error_of = [&](auto change) {
    ImageView view = noise.view();
    change(view);
    const auto done = pictures.run(view, out);
    return done ? std::string("no error") : done.error().message;
  };
  EXPECT_EQ(error_of([](ImageView&) {}), "no error");
  EXPECT_EQ(error_of([](ImageView& view) { view.planes[0] = nullptr; }), "the picture has no pixels");
  EXPECT_EQ(error_of([](ImageView& view) { view.width = 0; }), "the picture has an impossible size of 0x8 pixels");
  EXPECT_EQ(error_of([](ImageView& view) { view.height = -8; }), "the picture has an impossible size of 8x-8 pixels");
  EXPECT_EQ(error_of([](ImageView& view) { view.row_bytes[0] = 23; }),
            "the picture has rows of 24 bytes, but its stride is 23");
  EXPECT_NE(error_of([](ImageView& view) { view.row_bytes[0] = -23; }), "no error");
  EXPECT_NE(error_of([](ImageView& view) { view.row_bytes[0] = std::numeric_limits<std::ptrdiff_t>::min(); }),
            "no error");
  EXPECT_NE(error_of([](ImageView& view) { view.row_bytes[0] = std::numeric_limits<std::ptrdiff_t>::max(); }),
            "no error");
  EXPECT_EQ(error_of([](ImageView& view) { view.format = static_cast<PixelFormat>(77); }),
            "the picture has an unknown pixel format");
  for (const int value : {0, 9, 77, 255})
    EXPECT_EQ(error_of([&](ImageView& view) { view.orientation = static_cast<Orientation>(value); }),
              "the picture has an orientation of " + std::to_string(value) + ", expected 1 to 8");
  EXPECT_EQ(error_of([](ImageView& view) {
              view.format = PixelFormat::rgb_float_planes;
              view.row_bytes.fill(32);
              view.planes[1] = view.planes[0];
            }),
            "the picture has no pixels");
}

TEST(PictureInput, ImpossibleSpecsAreRefused) {
  const auto refused = [](const PreprocessSpec& spec, int height = 8, int width = 8, DataType type = DataType::f32) {
    return !PictureInput::create(spec, height, width, type);
  };
  PreprocessSpec good;
  EXPECT_FALSE(refused(good));
  EXPECT_TRUE(refused(good, 0, 8));
  EXPECT_TRUE(refused(good, 8, -1));
  EXPECT_TRUE(refused(good, 8, std::numeric_limits<int>::max()));
  EXPECT_TRUE(refused(good, 8, 8, DataType::u8));
  EXPECT_TRUE(refused(raw(ResizeMode::squash)));
  for (const double fraction : {0.0, -1.0, 1.5, std::nan("")}) {
    PreprocessSpec spec;
    spec.crop_fraction = fraction;
    EXPECT_TRUE(refused(spec)) << fraction;
  }
  PreprocessSpec edge;
  edge.mode = ResizeMode::shortest_edge_crop;
  EXPECT_TRUE(refused(edge));
  edge.shortest_edge = 256;
  EXPECT_TRUE(refused(edge));
  edge.crop_size = 224;
  EXPECT_FALSE(refused(edge));
  PreprocessSpec flat;
  flat.deviation[1] = 0;
  EXPECT_TRUE(refused(flat));
}

TEST(PictureInput, DescribesItself) {
  EXPECT_EQ(describe(PreprocessSpec{}, 224, 224),
            "the centre square of 0.875 of the shorter side, PIL bilinear to 224x224, (byte / 255 - 0.5) / 0.5");
  PreprocessSpec timm;
  timm.mode = ResizeMode::shortest_edge_crop;
  timm.filter = ResizeFilter::pil_bicubic;
  timm.shortest_edge = 256;
  timm.crop_size = 224;
  timm.mean = {0.485f, 0.456f, 0.406f};
  timm.deviation = {0.229f, 0.224f, 0.225f};
  EXPECT_EQ(describe(timm, 192, 192),
            "the shorter side to 219 by PIL bicubic, then the centre 192x192, "
            "(byte / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)");
  PreprocessSpec caffe = raw(ResizeMode::squash);
  caffe.encoding = InputEncoding::normalize;
  caffe.rescale = 1;
  caffe.mean = {103.94f, 116.78f, 123.68f};
  caffe.deviation = {1, 1, 1};
  caffe.swap_red_blue = true;
  EXPECT_EQ(describe(caffe, 10, 20),
            "the whole picture, PIL bilinear to 20x10, byte - (103.94, 116.78, 123.68), in BGR order");
  EXPECT_EQ(describe(raw(ResizeMode::pad), 513, 513),
            "the whole picture, PIL bilinear into 513x513, the rest filled with 127.5, the bytes as they are");
}

}  // namespace
}  // namespace mobilenet::testing
