// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// PictureInput as a whole: formats, strides, orientations, encodings, padding, refusals.

#include "preprocess/picture_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "preprocess/noise_picture.h"
#include "preprocess/preprocess_options.h"

namespace mobilenet::testing {
namespace {

// Floats through a byte-free resize differ from rounded bytes by up to half a step in each pass.
constexpr int kRoundingSteps = 1;

PreprocessSpec raw(ResizeMode mode) {
  PreprocessSpec spec;
  spec.mode = mode;
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
  const PreprocessSpec spec = raw(ResizeMode::crop);
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
  EXPECT_EQ(network_input<std::int8_t>(spec, 1, 2, view), (std::vector<std::int8_t>{-102, -128, -128, 127, 0, 127}));
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
  for (const ResizeMode mode : {ResizeMode::squash, ResizeMode::crop, ResizeMode::central_crop, ResizeMode::pad})
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
  const PreprocessSpec spec = raw(ResizeMode::squash);
  const auto signed_bytes = network_input<std::int8_t>(spec, 8, 8, noise.view());
  for (std::size_t i = 0; i < noise.rgb.size(); ++i) EXPECT_EQ(signed_bytes[i], noise.rgb[i] - 128);
}

TEST(PictureInput, SwapsRedAndBlueBeforeTheMeans) {
  const std::uint8_t pixel[] = {10, 20, 30};
  PreprocessSpec spec = raw(ResizeMode::squash);
  spec.swap_red_blue = true;
  const ImageView view = ImageView::packed(pixel, PixelFormat::rgb, 1, 1);
  EXPECT_EQ(network_input<std::uint8_t>(spec, 1, 1, view), (std::vector<std::uint8_t>{30, 20, 10}));
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
  EXPECT_EQ(network_input<std::uint8_t>(spec, 2, 2, line)[6], 128);

  // A crop that sticks out is black before it is normalised.
  PreprocessSpec edge;
  edge.mode = ResizeMode::shortest_edge;
  edge.resize_height = edge.resize_width = 1;
  edge.base_height = edge.base_width = 3;
  const std::vector<float> cropped = network_input<float>(edge, 3, 3, ImageView::packed(white, PixelFormat::rgb, 1, 1));
  for (std::size_t i = 0; i < cropped.size(); ++i) EXPECT_EQ(cropped[i], i / 3 == 4 ? 1.0f : -1.0f) << i;
}

TEST(PictureInput, DegenerateSizes) {
  PreprocessSpec edge = raw(ResizeMode::shortest_edge);
  edge.resize_height = edge.resize_width = 36;
  edge.base_height = edge.base_width = 32;
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 500}, {500, 1}, {2, 1}, {1, 4000}, {4000, 2}}) {
    const NoisePicture noise(width, height);
    for (PreprocessSpec spec :
         {raw(ResizeMode::crop), raw(ResizeMode::central_crop), raw(ResizeMode::squash), raw(ResizeMode::pad),
          raw(ResizeMode::fit), raw(ResizeMode::cover), raw(ResizeMode::keep), edge})
      for (const ResizeFilter filter :
           {ResizeFilter::pil_nearest, ResizeFilter::pil_box, ResizeFilter::pil_bilinear, ResizeFilter::pil_hamming,
            ResizeFilter::pil_bicubic, ResizeFilter::pil_lanczos, ResizeFilter::tf_bilinear_legacy,
            ResizeFilter::tf_bilinear_corners, ResizeFilter::tf_bilinear_half_pixel}) {
        spec.filter = filter;
        EXPECT_EQ(network_input<std::uint8_t>(spec, 32, 32, noise.view()).size(), 32u * 32 * 3);
        EXPECT_EQ(network_input<std::uint8_t>(spec, 1, 1, noise.view()).size(), 3u);
      }
  }
}

TEST(PictureInput, ImpossibleViewsAreRefused) {
  const NoisePicture noise(8, 8);
  auto pictures = PictureInput::create(raw(ResizeMode::squash), 4, 4, {DataType::u8}).value();
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
  const auto refused = [](const PreprocessSpec& spec, int height = 8, int width = 8, InputElements elements = {}) {
    return !PictureInput::create(spec, height, width, elements);
  };
  PreprocessSpec good;
  EXPECT_FALSE(refused(good));
  EXPECT_TRUE(refused(good, 0, 8));
  EXPECT_TRUE(refused(good, 8, -1));
  EXPECT_TRUE(refused(good, 8, std::numeric_limits<int>::max()));
  EXPECT_TRUE(refused(good, 8, 8, {DataType::i32}));
  EXPECT_TRUE(refused(good, 8, 8, {DataType::u8, std::numeric_limits<float>::infinity(), 0}));
  for (const double fraction : {0.0, -1.0, 1.5, std::nan("")}) {
    PreprocessSpec spec;
    spec.crop_fraction = fraction;
    EXPECT_TRUE(refused(spec)) << fraction;
  }
  PreprocessSpec edge;
  edge.mode = ResizeMode::shortest_edge;
  EXPECT_FALSE(refused(edge));
  edge.resize_height = -256;
  EXPECT_TRUE(refused(edge));
  PreprocessSpec follower;
  follower.input_size = InputSize::of_picture;
  EXPECT_TRUE(refused(follower));
  follower.mode = ResizeMode::keep;
  EXPECT_FALSE(refused(follower));
  PreprocessSpec flat;
  flat.deviation[1] = 0;
  EXPECT_TRUE(refused(flat));
}

TEST(PictureInput, DescribesItself) {
  struct Case {
    const char* name;
    PreprocessSpec spec;
    int height, width;
    InputElements elements;
    const char* sentence;
  };
  PreprocessSpec timm;
  timm.mode = ResizeMode::shortest_edge;
  timm.filter = ResizeFilter::pil_bicubic;
  timm.resize_height = timm.resize_width = 256;
  timm.base_height = timm.base_width = 224;
  timm.mean = {0.485f, 0.456f, 0.406f};
  timm.deviation = {0.229f, 0.224f, 0.225f};
  PreprocessSpec caffe = raw(ResizeMode::squash);
  caffe.rescale = 1;
  caffe.mean = {103.94f, 116.78f, 123.68f};
  caffe.deviation = {1, 1, 1};
  caffe.swap_red_blue = true;
  PreprocessSpec whole = raw(ResizeMode::crop);
  whole.crop_fraction = 1;
  PreprocessSpec border = raw(ResizeMode::fit);
  border.fill = {124, 116, 104};
  PreprocessSpec free = timm;
  free.filter = ResizeFilter::pil_nearest;
  free.input_size = InputSize::of_picture;
  PreprocessSpec unknown = raw(ResizeMode::squash);
  unknown.unknown = {"it is", "", "it is"};
  const Case cases[] = {
      {"defaults",
       {},
       224,
       224,
       {},
       "the centre square of 0.875 of the shorter side, PIL bilinear to 224x224, (byte / 255 - 0.5) / 0.5"},
      {"an edge at another size",
       timm,
       192,
       192,
       {},
       "the shorter side to 219 by PIL bicubic, then the centre 192x192, "
       "(byte / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)"},
      {"BGR less a mean",
       caffe,
       10,
       20,
       {},
       "the whole picture, PIL bilinear to 20x10, byte - (103.94, 116.78, 123.68), in BGR order"},
      {"bytes",
       raw(ResizeMode::pad),
       513,
       513,
       {DataType::u8, 0.0078125f, 128},
       "the whole picture, PIL bilinear into 513x513, the rest filled with 127.5, the bytes as they are"},
      {"the whole square",
       whole,
       96,
       96,
       {DataType::i8, 1 / 127.5f, 0},
       "the whole centre square, PIL bilinear to 96x96, byte - 128"},
      {"not a square",
       whole,
       96,
       64,
       {},
       "the whole centre in the input's proportions, PIL bilinear to 64x96, (byte / 255 - 0.5) / 0.5"},
      {"bars",
       border,
       64,
       64,
       {},
       "the whole picture, PIL bilinear into 64x64, bars around it filled with (124, 116, 104), (byte / 255 - 0.5) / "
       "0.5"},
      {"steps of the input's own",
       raw(ResizeMode::squash),
       8,
       8,
       {DataType::i8, 0.00625f, 2},
       "the whole picture, PIL bilinear to 8x8, (byte / 255 - 0.5) / 0.5, in the input's steps of 0.00625"},
      {"the picture decides the size",
       free,
       224,
       224,
       {},
       "the shorter side to 256 by PIL nearest, whatever the longer side becomes, "
       "(byte / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)"},
      {"nothing known", unknown, 8, 8, {}, "unknown geometry, unknown encoding"},
  };
  for (const Case& c : cases) EXPECT_EQ(describe(c.spec, c.height, c.width, c.elements), c.sentence) << c.name;
}

// What a quantised input stores of a byte, where the file, metadata or the caller say what the byte stands for.
TEST(PictureInput, QuantisesRealNumbers) {
  struct Case {
    const char* name;
    PixelEncoding encoding;
    InputQuantization quantization;
    std::array<int, 3> expected_u8;  // of the bytes 0, 150 and 255
  };
  constexpr PixelEncoding kSigned = PixelEncoding::minus_one_to_one(), kUnit = PixelEncoding::unit();
  const Case cases[] = {
      {"1/128 and 128: the bytes", kSigned, {0.0078125f, 128}, {0, 150, 255}},
      {"1/127.5 and 127: the bytes", kSigned, {0.0078431377f, 127}, {0, 150, 255}},
      {"1/127.5 and 128: the bytes", kSigned, {0.0078431377f, 128}, {0, 150, 255}},
      {"1/255 and 0: the bytes", kUnit, {0.003921569f, 0}, {0, 150, 255}},
      {"1 and 0: the bytes", PixelEncoding::bytes(), {1, 0}, {0, 150, 255}},
      {"a calibrated range cuts the ends off", kSigned, {0.006705187f, 130}, {0, 156, 255}},
      {"0 to 1 in a range of -1 to 1", kUnit, {0.0078125f, 128}, {128, 203, 255}},
      {"half a step goes away from zero", {{0, 0, 0}, {2, 2, 2}}, {10, 3}, {3, 11, 16}},
      {"far outside", {{0, 0, 0}, {1e-9f, 1e-9f, 1e-9f}}, {1e-3f, 7}, {7, 255, 255}},
  };
  const std::uint8_t bytes[] = {0, 0, 0, 150, 150, 150, 255, 255, 255};
  const ImageView view = ImageView::packed(bytes, PixelFormat::rgb, 3, 1);
  for (const Case& c : cases) {
    PreprocessSpec spec = raw(ResizeMode::squash);
    set_encoding(c.encoding, spec);
    const auto unsigned_input = network_input<std::uint8_t>(spec, 1, 3, view, c.quantization);
    const auto signed_input =
        network_input<std::int8_t>(spec, 1, 3, view, {c.quantization.scale, c.quantization.zero_point - 128});
    for (std::size_t i = 0; i < 9; ++i) {
      EXPECT_EQ(unsigned_input[i], c.expected_u8[i / 3]) << c.name;
      EXPECT_EQ(signed_input[i], c.expected_u8[i / 3] - 128) << c.name;
    }
  }
}

TEST(PictureInput, TheInputFollowsThePicture) {
  PreprocessSpec spec = raw(ResizeMode::shortest_edge);
  spec.resize_height = spec.resize_width = 10;
  spec.input_size = InputSize::of_picture;
  auto pictures = PictureInput::create(spec, 10, 10, {DataType::u8}).value();
  const NoisePicture noise(37, 23);
  EXPECT_EQ(pictures.input_size(noise.view()).value(), (PictureSize{16, 10}));
  std::vector<std::uint8_t> out(3 * 16 * 10);
  ASSERT_TRUE(pictures.run(noise.view(), out.data()));
  EXPECT_EQ(out, network_input<std::uint8_t>(raw(ResizeMode::squash), 10, 16, noise.view()));

  spec.mode = ResizeMode::keep;
  auto kept = PictureInput::create(spec, 10, 10, {DataType::u8}).value();
  EXPECT_EQ(kept.input_size(noise.view()).value(), (PictureSize{37, 23}));
  out.resize(noise.rgb.size());
  ASSERT_TRUE(kept.run(noise.view(), out.data()));
  EXPECT_EQ(out, noise.rgb);
  ImageView line = noise.view();
  line.width = 1 << 20;
  line.height = 1;
  line.row_bytes[0] = 3 << 20;
  EXPECT_FALSE(kept.input_size(line));
}

TEST(PictureInput, WhatIsUnknownMustBeSaid) {
  const NoisePicture noise(9, 7);
  PreprocessSpec spec = raw(ResizeMode::squash);
  spec.unknown = {"nobody knows", "the file is silent", "it is a secret"};
  const auto error_of = [&](const PreprocessOptions& options) {
    const auto created = PictureInput::create(with_options(spec, options).value(), 4, 4, {});
    return created ? std::string("no error") : created.error().message;
  };
  EXPECT_NE(error_of({}).find("because nobody knows; say it"), std::string::npos) << error_of({});
  PreprocessOptions options;
  options.geometry = PreprocessPolicy::pad;  // brings a filter
  EXPECT_NE(error_of(options).find("because it is a secret; say it"), std::string::npos) << error_of(options);
  options.encoding = PixelEncoding::unit();
  EXPECT_EQ(error_of(options), "no error");
  options.geometry.reset();
  spec.unknown.geometry.clear();
  EXPECT_NE(error_of(options).find("because the file is silent; say it"), std::string::npos) << error_of(options);
  options.filter = ResizeFilter::pil_box;
  EXPECT_EQ(error_of(options), "no error");
}

TEST(PreprocessOptions, ImpossibleValuesAreRefused) {
  const auto refused = [](const PreprocessOptions& options) { return !with_options({}, options); };
  EXPECT_FALSE(refused({}));
  EXPECT_TRUE(refused({.geometry = static_cast<PreprocessPolicy>(77)}));
  EXPECT_TRUE(refused({.filter = static_cast<ResizeFilter>(77)}));
  EXPECT_TRUE(refused({.channels = static_cast<ChannelOrder>(77)}));
  for (const float bad : {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::nanf("")})
    EXPECT_TRUE(refused({.encoding = PixelEncoding{{0, 0, 0}, {1, bad, 1}}})) << bad;
  EXPECT_TRUE(refused({.encoding = PixelEncoding{{0, std::nanf(""), 0}, {1, 1, 1}}}));
}

}  // namespace
}  // namespace mobilenet::testing
