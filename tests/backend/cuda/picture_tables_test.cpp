// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What kernels are told of a picture, read by the host in their place: needs no GPU.

#include "backend/cuda/ends/picture_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "preprocess/picture_input.h"
#include "preprocess/resized.h"

namespace mobilenet::testing {
namespace {

// A picture as it would lie on the device, or lies there, with what its arguments say of it.
struct Arrived {
  std::vector<std::byte> pixels, tables;
  std::vector<std::uint8_t> between;
  cuda::PictureArguments arguments{};

  // pieces: bytes gathered at once. memory: where the view is said to be.
  Arrived(const PreprocessSpec& spec, const ImageView& view, const Geometry& geometry, std::size_t pieces,
          Memory memory) {
    cuda::PictureTables made;
    const cuda::PictureForm form{view.width, view.height, view.format, view.orientation, geometry, memory};
    EXPECT_TRUE(made.make(spec, form, 3));
    pixels.resize(made.pixel_bytes());
    EXPECT_EQ(pixels.empty(), memory == Memory::device) << "nothing travels that is there";
    for (std::size_t at = 0; at < pixels.size(); at += pieces)
      made.gather(view, at, std::min(at + pieces, pixels.size()), pixels.data() + at);
    tables.resize(made.table_bytes());
    made.write_tables(tables.data());
    between.resize(made.between_bytes());
    const auto address = [](const void* at) { return reinterpret_cast<cuda::Address>(at); };
    arguments = made.arguments(view, address(pixels.data()), address(tables.data()), address(between.data()));
  }

  int sample(int x, int y, int c) const {
    const cuda::PicturePlaneArguments& plane = arguments.planes[0];
    const auto at = static_cast<std::int64_t>(plane.pixels) + x * plane.step_x + y * plane.step_y;
    return *reinterpret_cast<const std::uint8_t*>(at + plane.offsets[c]);
  }
  static const cuda::PictureTapArguments& tap(const cuda::PictureAxisArguments& axis, int place) {
    return reinterpret_cast<const cuda::PictureTapArguments*>(axis.taps)[place];
  }
  // In Pillow's fixed point.
  static std::uint8_t weighted(const cuda::PictureAxisArguments& axis, int result,
                               const std::function<int(int)>& value) {
    const cuda::PictureTapArguments& taps = tap(axis, result);
    const auto* const weights = reinterpret_cast<const std::int32_t*>(axis.weights) + taps.weights;
    int sum = 1 << (kPilFractionBits - 1);
    for (int place = taps.first; place < taps.last; ++place) sum += value(place) * weights[place - taps.first];
    return static_cast<std::uint8_t>(std::clamp(sum >> kPilFractionBits, 0, 255));
  }
  std::uint8_t result(const PreprocessSpec& spec, int x, int y, int c) const {
    const cuda::PictureAxisArguments &columns = arguments.planes[0].columns, &rows = arguments.planes[0].rows;
    if (spec.filter == ResizeFilter::pil_nearest)
      return static_cast<std::uint8_t>(sample(tap(columns, x).first, tap(rows, y).first, c));
    if (arguments.planes[0].vertical_first != 0)
      return weighted(columns, x, [&](int at) { return weighted(rows, y, [&](int y2) { return sample(at, y2, c); }); });
    return weighted(rows, y, [&](int at) { return weighted(columns, x, [&](int x2) { return sample(x2, at, c); }); });
  }
};

constexpr PictureSize kInput{13, 9};

void expect_like_host(const PreprocessSpec& spec, const ImageView& view, Memory memory) {
  PreprocessSpec bytes = spec;
  set_encoding(PixelEncoding::bytes(), bytes);
  PictureInput host = PictureInput::create(bytes, kInput.height, kInput.width, {DataType::u8}).value();
  std::vector<std::uint8_t> expected(static_cast<std::size_t>(kInput.width * kInput.height * 3));
  const Geometry geometry = host.run(view, expected.data()).value();
  const Arrived arrived(spec, view, geometry, 17, memory);
  const cuda::PicturePlaneArguments& plane = arrived.arguments.planes[0];
  const cuda::PictureAxisArguments &columns = plane.columns, &rows = plane.rows;
  int different = 0;
  for (int y = 0; y < rows.window; ++y)
    for (int x = 0; x < columns.window; ++x)
      for (int c = 0; c < 3; ++c) {
        const int place = ((y + rows.begin) * kInput.width + x + columns.begin) * 3 + c;
        different += arrived.result(spec, x, y, c) != expected[static_cast<std::size_t>(place)] ? 1 : 0;
      }
  EXPECT_EQ(different, 0);
}

TEST(PictureTables, LeadToWhatTheHostMakes) {
  for (const ResizeFilter filter : {ResizeFilter::pil_nearest, ResizeFilter::pil_bilinear, ResizeFilter::pil_lanczos})
    for (const ResizeMode mode : {ResizeMode::crop, ResizeMode::pad, ResizeMode::squash})
      for (const PixelFormat format : kByteFormats)
        for (int orientation = 1; orientation <= 8; ++orientation)
          for (const PictureSize& size : {PictureSize{29, 41}, {5, 90}, {1, 1}}) {
            SCOPED_TRACE(::testing::Message()
                         << "filter " << static_cast<int>(filter) << ", mode " << static_cast<int>(mode) << ", format "
                         << static_cast<int>(format) << ", orientation " << orientation << ", width " << size.width);
            PreprocessSpec spec;
            spec.filter = filter;
            spec.mode = mode;
            const StoredPicture picture(format, size.width, size.height, static_cast<Orientation>(orientation),
                                        orientation % 3 == 0);
            expect_like_host(spec, picture.view(), Memory::host);
            expect_like_host(spec, picture.view(), Memory::device);
          }
}

// Of a large picture only the rows and columns that count.
TEST(PictureTables, LeaveOutWhatIsNotRead) {
  const StoredPicture picture(PixelFormat::rgb, 400, 300, Orientation::upright, false);
  PreprocessSpec spec;
  spec.filter = ResizeFilter::tf_bilinear_legacy;
  const Geometry geometry = plan_geometry(spec, {400, 300}, kInput).value();
  cuda::PictureTables tables;
  ASSERT_TRUE(tables.make(spec, {400, 300, PixelFormat::rgb, Orientation::upright, geometry}, 3));
  EXPECT_LE(tables.pixel_bytes(), static_cast<std::size_t>(2 * kInput.height * 3 * geometry.columns.crop_size));
  EXPECT_EQ(tables.between_bytes(), 0u);
  spec.filter = ResizeFilter::pil_bilinear;
  ASSERT_TRUE(tables.make(spec, {400, 300, PixelFormat::rgb, Orientation::upright, geometry}, 3));
  EXPECT_EQ(tables.pixel_bytes(), static_cast<std::size_t>(3 * geometry.rows.crop_size * geometry.columns.crop_size));
}

}  // namespace
}  // namespace mobilenet::testing
