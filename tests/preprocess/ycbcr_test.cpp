// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Luma and colours as the network's input, in every format: each plane against an oracle in double precision, colours
// against the standards' numbers.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "pictures/upright_pixels.h"
#include "preprocess/geometry.h"
#include "preprocess/resizer_kind.h"
#include "preprocess/ycbcr_picture.h"

namespace mobilenet::testing {
namespace {

constexpr PictureSize kInput{13, 9};
constexpr ColourMatrix kMatrices[] = {ColourMatrix::bt601, ColourMatrix::bt709, ColourMatrix::bt2020};
constexpr ColourRange kRanges[] = {ColourRange::limited, ColourRange::full};

// What makes one result of a plane along one axis.
struct Weighted {
  int place;
  double weight;
};

double sinc(double x) { return x == 0 ? 1 : std::sin(M_PI * x) / (M_PI * x); }

double kernel(ResizeFilter filter, double x) {
  x = std::abs(x);
  switch (filter) {
    case ResizeFilter::pil_box:
      return x <= 0.5 ? 1 : 0;
    case ResizeFilter::pil_bilinear:
      return std::max(0.0, 1 - x);
    case ResizeFilter::pil_hamming:
      return x >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * std::cos(M_PI * x));
    case ResizeFilter::pil_bicubic:
      return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((x - 5) * x + 8) * x * -0.5 + 2 : 0;
    default:
      return x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
}

double support(ResizeFilter filter) {
  if (filter == ResizeFilter::pil_box) return 0.5;
  if (filter == ResizeFilter::pil_bicubic) return 2;
  return filter == ResizeFilter::pil_lanczos ? 3 : 1;
}

// From `box` (begin, end) of a plane's axis of `size` pixels, of which filters see those that the box touches.
std::vector<Weighted> weighted(const PreprocessSpec& spec, const AxisGeometry& axis, std::array<double, 2> box,
                               int result, double nudge) {
  const int begin = static_cast<int>(std::floor(box[0] + 1e-9)), end = static_cast<int>(std::ceil(box[1] - 1e-9));
  const auto inside = [&](double place) { return std::clamp(static_cast<int>(place), begin, end - 1); };
  const double i = axis.window_begin + result, scale = (box[1] - box[0]) / axis.resized;
  double at = box[0] + (i + 0.5) * scale + nudge;
  switch (spec.filter) {
    case ResizeFilter::pil_nearest:
      return {{inside(std::floor(at)), 1}};
    case ResizeFilter::tf_bilinear_legacy:
      at = box[0] + i * scale;
      break;
    case ResizeFilter::tf_bilinear_corners:
      at = box[0] + (axis.resized > 1 ? i * std::max(box[1] - box[0] - 1, 0.0) / (axis.resized - 1) : i * scale);
      break;
    case ResizeFilter::tf_bilinear_half_pixel:
      at -= 0.5;
      break;
    default: {
      const double wide = std::max(scale, 1.0);
      std::vector<Weighted> taps;
      double sum = 0;
      // Pixels whose centres lie within the support, to half a pixel.
      const int first = std::max(begin, static_cast<int>(std::floor(at - support(spec.filter) * wide + 0.5)));
      const int last = std::min(end, static_cast<int>(std::floor(at + support(spec.filter) * wide + 0.5)));
      for (int place = first; place < last; ++place) {
        taps.push_back({place, kernel(spec.filter, (place + 0.5 - at) / wide)});
        sum += taps.back().weight;
      }
      for (Weighted& tap : taps) tap.weight /= sum;
      return taps;
    }
  }
  const double below = std::floor(at);
  return {{inside(below), 1 - (at - below)}, {inside(std::ceil(at)), at - below}};
}

// A component of the window, in double precision, each pass bounded to what bytes can be. nudges: of where results look
// along columns and rows.
std::vector<double> resized(const PreprocessSpec& spec, const YcbcrPicture& picture, int component,
                            const Geometry& geometry, std::array<double, 2> nudges) {
  const auto box_of = [](const AxisGeometry& axis, int luma, int plane) {
    return std::array{static_cast<double>(axis.crop_begin) * plane / luma,
                      static_cast<double>(axis.crop_begin + axis.crop_size) * plane / luma};
  };
  const int width = picture.width(component), height = picture.height(component);
  const auto taps_of = [&](const AxisGeometry& axis, std::array<double, 2> box, double nudge) {
    std::vector<std::vector<Weighted>> taps;
    for (int i = 0; i < axis.window_size; ++i) taps.push_back(weighted(spec, axis, box, i, nudge));
    return taps;
  };
  const auto columns = taps_of(geometry.columns, box_of(geometry.columns, picture.width(0), width), nudges[0]);
  const auto rows = taps_of(geometry.rows, box_of(geometry.rows, picture.height(0), height), nudges[1]);
  // Across stored rows first, which matters where a sum has to be bounded.
  const bool is_turned = picture.view().orientation >= Orientation::transpose;
  const auto &first = is_turned ? columns : rows, &second = is_turned ? rows : columns;
  const int places = is_turned ? height : width;
  std::vector<double> between, window(rows.size() * columns.size());
  for (const std::vector<Weighted>& taps : first)
    for (int place = 0; place < places; ++place) {
      double sum = 0;
      for (const auto& [at, weight] : taps)
        sum += weight * (is_turned ? picture.at(component, at, place) : picture.at(component, place, at));
      between.push_back(std::clamp(sum, 0.0, 255.0));
    }
  for (std::size_t i = 0; i < first.size(); ++i)
    for (std::size_t j = 0; j < second.size(); ++j) {
      double sum = 0;
      for (const auto& [at, weight] : second[j])
        sum += weight * between[i * static_cast<std::size_t>(places) + static_cast<std::size_t>(at)];
      window[is_turned ? j * columns.size() + i : i * columns.size() + j] = std::clamp(sum, 0.0, 255.0);
    }
  return window;
}

// The numbers that the standards give for luma and colours between 0 and 1.
struct Standard {
  double black, luma, red_of_cr, blue_of_cb, green_of_cb, green_of_cr;
  Standard(ColourMatrix matrix, ColourRange range) {
    const bool is_601 = matrix == ColourMatrix::bt601, is_709 = matrix == ColourMatrix::bt709;
    const double kr = is_601 ? 0.299 : is_709 ? 0.2126 : 0.2627, kb = is_601 ? 0.114 : is_709 ? 0.0722 : 0.0593;
    const double colour = range == ColourRange::limited ? 255.0 / 224 : 1;
    black = range == ColourRange::limited ? 16 : 0;
    luma = range == ColourRange::limited ? 255.0 / 219 : 1;
    red_of_cr = 2 * (1 - kr) * colour, blue_of_cb = 2 * (1 - kb) * colour;
    green_of_cb = -blue_of_cb * kb / (1 - kr - kb), green_of_cr = -red_of_cr * kr / (1 - kr - kb);
  }
};

PreprocessSpec bytes_of(ResizeMode mode, ResizeFilter filter, Resampler resampler = Resampler::pillow) {
  PreprocessSpec spec;
  spec.mode = mode;
  spec.filter = filter;
  spec.resampler = resampler;
  set_encoding(PixelEncoding::bytes(), spec);
  return spec;
}

std::vector<std::uint8_t> input_of(const PreprocessSpec& spec, const ImageView& view, int channels,
                                   PictureSize size = kInput) {
  PictureInput input = PictureInput::create(spec, size.height, size.width, {DataType::u8, 0, 0, channels}).value();
  std::vector<std::uint8_t> out(static_cast<std::size_t>(size.width * size.height * channels));
  const auto done = input.run(view, out.data());
  EXPECT_TRUE(done) << done.error().message;
  return out;
}

// Of filters that round planes to bytes. Luma comes out of a network of one channel; of red and blue each colour, since
// no sample is bounded and a step of colour is more than one of red or blue.
void expect_planes_like_oracle(const PreprocessSpec& spec, const YcbcrPicture& picture, const ImageView& view) {
  const Geometry geometry = plan_geometry(spec, {view.upright_width(), view.upright_height()}, kInput).value();
  const Standard standard(view.matrix, view.range);
  const std::vector<std::uint8_t> grey = input_of(spec, view, 1), rgb = input_of(spec, view, 3);
  // The nearest pixel is either one where a result looks between two, and roundings decide.
  constexpr double kNudge = 1e-5;
  std::vector<std::array<double, 2>> nudges{{0, 0}};
  if (spec.filter == ResizeFilter::pil_nearest)
    nudges = {{-kNudge, -kNudge}, {-kNudge, kNudge}, {kNudge, -kNudge}, {kNudge, kNudge}};
  std::array<std::vector<std::vector<double>>, 3> exact;
  for (std::size_t component = 0; component < 3; ++component)
    for (const auto& nudge : nudges)
      exact[component].push_back(resized(spec, picture, static_cast<int>(component), geometry, nudge));
  double largest = 0;
  for (int y = 0; y < geometry.rows.window_size; ++y)
    for (int x = 0; x < geometry.columns.window_size; ++x) {
      const auto pixel = static_cast<std::size_t>(y + geometry.rows.output_begin) * kInput.width +
                         static_cast<std::size_t>(x + geometry.columns.output_begin);
      const auto result = static_cast<std::size_t>(y) * static_cast<std::size_t>(geometry.columns.window_size) +
                          static_cast<std::size_t>(x);
      const double luma = std::round(grey[pixel] / standard.luma + standard.black);
      const double shown = standard.luma * (luma - standard.black);
      const double red = rgb[3 * pixel], green = rgb[3 * pixel + 1], blue = rgb[3 * pixel + 2];
      const double cb = std::round((blue - shown) / standard.blue_of_cb) + 128;
      const double cr = std::round((red - shown) / standard.red_of_cr) + 128;
      const double expected_green = shown + standard.green_of_cb * (cb - 128) + standard.green_of_cr * (cr - 128);
      ASSERT_NEAR(grey[pixel], shown, 0.51);
      ASSERT_NEAR(green, expected_green, 0.51) << "Y " << luma << ", Cb " << cb << ", Cr " << cr;
      const double got[] = {luma, cb, cr};
      for (std::size_t component = 0; component < 3; ++component) {
        double error = 255;
        for (const auto& window : exact[component]) error = std::min(error, std::abs(got[component] - window[result]));
        largest = std::max(largest, error);
      }
    }
  EXPECT_LE(largest, 0.5 + 1e-3);
}

// Of Pillow's filters, which do not: colours within a step, of which a half is the rounding to a byte.
void expect_colours_like_oracle(const PreprocessSpec& spec, const YcbcrPicture& picture, const ImageView& view,
                                PictureSize input = kInput) {
  const Geometry geometry = plan_geometry(spec, {view.upright_width(), view.upright_height()}, input).value();
  const Standard standard(view.matrix, view.range);
  const std::vector<std::uint8_t> grey = input_of(spec, view, 1, input), rgb = input_of(spec, view, 3, input);
  std::array<std::vector<double>, 3> exact;
  for (std::size_t component = 0; component < 3; ++component)
    exact[component] = resized(spec, picture, static_cast<int>(component), geometry, {0, 0});
  double largest = 0;
  std::size_t result = 0;
  for (int y = 0; y < geometry.rows.window_size; ++y)
    for (int x = 0; x < geometry.columns.window_size; ++x, ++result) {
      const auto pixel =
          static_cast<std::size_t>(y + geometry.rows.output_begin) * static_cast<std::size_t>(input.width) +
          static_cast<std::size_t>(x + geometry.columns.output_begin);
      const double shown = standard.luma * (exact[0][result] - standard.black);
      const double cb = exact[1][result] - 128, cr = exact[2][result] - 128;
      const double expected[] = {shown + standard.red_of_cr * cr,
                                 shown + standard.green_of_cb * cb + standard.green_of_cr * cr,
                                 shown + standard.blue_of_cb * cb, shown};
      const std::uint8_t got[] = {rgb[3 * pixel], rgb[3 * pixel + 1], rgb[3 * pixel + 2], grey[pixel]};
      for (std::size_t c = 0; c < 4; ++c)
        largest = std::max(largest, std::abs(got[c] - std::clamp(expected[c], 0.0, 255.0)));
    }
  EXPECT_LT(largest, 1);
}

void expect_like_oracle(const PreprocessSpec& spec, const YcbcrPicture& picture, const ImageView& view) {
  if (kind_of(spec.filter) == ResizerKind::pil)
    expect_colours_like_oracle(spec, picture, view);
  else
    expect_planes_like_oracle(spec, picture, view);
}

constexpr ResizeFilter kFilters[] = {ResizeFilter::pil_nearest,           ResizeFilter::pil_box,
                                     ResizeFilter::pil_bilinear,          ResizeFilter::pil_hamming,
                                     ResizeFilter::pil_bicubic,           ResizeFilter::pil_lanczos,
                                     ResizeFilter::tf_bilinear_legacy,    ResizeFilter::tf_bilinear_corners,
                                     ResizeFilter::tf_bilinear_half_pixel};

std::string format_name(const ::testing::TestParamInfo<PixelFormat>& format) {
  constexpr std::array kNames = {"nv12", "nv21", "nv16", "i420", "i422", "i444", "yuyv", "uyvy", "p010"};
  return kNames[static_cast<std::size_t>(format.param) - static_cast<std::size_t>(PixelFormat::nv12)];
}

class YcbcrFormats : public ::testing::TestWithParam<PixelFormat> {};
INSTANTIATE_TEST_SUITE_P(All, YcbcrFormats, ::testing::ValuesIn(kYcbcrFormats), format_name);

TEST_P(YcbcrFormats, EqualAnOraclePerPlane) {
  for (const ResizeFilter filter : kFilters)
    for (const ResizeMode mode : {ResizeMode::crop, ResizeMode::pad, ResizeMode::squash})
      for (int orientation = 1; orientation <= 8; ++orientation)
        for (const PictureSize& size : {PictureSize{37, 53}, {40, 21}, {5, 3}, {1, 1}, {90, 8}}) {
          const YcbcrPicture picture(GetParam(), size.width, size.height, static_cast<Orientation>(orientation),
                                     orientation % 3 == 0, true);
          const ColourMatrix matrix = kMatrices[static_cast<std::size_t>(orientation) / 2 % 3];
          const ColourRange range = kRanges[static_cast<std::size_t>(orientation) % 2];
          SCOPED_TRACE(::testing::Message()
                       << "filter " << static_cast<int>(filter) << ", mode " << static_cast<int>(mode)
                       << ", orientation " << orientation << ", " << size.width << "x" << size.height);
          expect_like_oracle(bytes_of(mode, filter), picture, picture.view(matrix, range));
          if (::testing::Test::HasFailure()) return;
        }
}

// Black and white, in every way that makes roundings meet: stripes as wide as a result, narrower and wider, a step, a
// chessboard, noise.
enum class Extreme { columns, narrow_columns, rows, narrow_rows, step, chessboard, noise };
constexpr Extreme kExtremes[] = {Extreme::columns, Extreme::narrow_columns, Extreme::rows, Extreme::narrow_rows,
                                 Extreme::step,    Extreme::chessboard,     Extreme::noise};

void make_extreme(YcbcrPicture& picture, Extreme extreme, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  picture.fill([&](int component, int x, int y) {
    switch (extreme) {
      case Extreme::columns:
        return (x + component) / 4 % 2 != 0;
      case Extreme::narrow_columns:
        return (x + component) % 2 != 0;
      case Extreme::rows:
        return (y + component) / 3 % 2 != 0;
      case Extreme::narrow_rows:
        return (y + component) % 2 != 0;
      case Extreme::step:
        return x + y > 30 + 5 * component;
      case Extreme::chessboard:
        return (x / 2 + y / 3 + component) % 2 != 0;
      case Extreme::noise:
        return random() % 2 != 0;
    }
    return false;
  });
}

TEST_P(YcbcrFormats, ExtremesAreWithinAStep) {
  for (const ResizeFilter filter : {ResizeFilter::pil_box, ResizeFilter::pil_bilinear, ResizeFilter::pil_hamming,
                                    ResizeFilter::pil_bicubic, ResizeFilter::pil_lanczos})
    for (const Extreme extreme : kExtremes)
      for (const Orientation orientation : {Orientation::upright, Orientation::rotate_180, Orientation::rotate_90}) {
        YcbcrPicture picture(GetParam(), 160, 90, orientation, false);
        make_extreme(picture, extreme, 1);
        SCOPED_TRACE(::testing::Message()
                     << "filter " << static_cast<int>(filter) << ", extreme " << static_cast<int>(extreme)
                     << ", orientation " << static_cast<int>(orientation));
        expect_colours_like_oracle(bytes_of(ResizeMode::crop, filter), picture,
                                   picture.view(ColourMatrix::bt709, ColourRange::limited), {31, 27});
      }
}

// Frames of cameras for the usual networks.
TEST(Ycbcr, LargeExtremesAreWithinAStep) {
  for (const Extreme extreme : kExtremes)
    for (const auto& [mode, side] : {std::pair{ResizeMode::crop, 224}, {ResizeMode::squash, 300}}) {
      YcbcrPicture picture(PixelFormat::nv12, 1920, 1080, Orientation::upright, false);
      make_extreme(picture, extreme, side);
      SCOPED_TRACE(::testing::Message() << "extreme " << static_cast<int>(extreme) << ", to " << side);
      expect_colours_like_oracle(bytes_of(mode, ResizeFilter::pil_bilinear), picture,
                                 picture.view(ColourMatrix::bt709, ColourRange::limited), {side, side});
    }
}

TEST(Ycbcr, HasFourMeaningsOfColour) {
  for (const ColourMatrix matrix : kMatrices)
    for (const ColourRange range : kRanges) {
      const YcbcrPicture picture(PixelFormat::nv12, 31, 22, Orientation::upright, false, true);
      expect_like_oracle(bytes_of(ResizeMode::squash, ResizeFilter::pil_bilinear), picture,
                         picture.view(matrix, range));
    }
}

// All that bytes can be: bounded, rounded to nearest.
TEST(Ycbcr, ColoursAreThoseOfTheStandards) {
  for (const ColourMatrix matrix : kMatrices)
    for (const ColourRange range : kRanges) {
      const Standard standard(matrix, range);
      for (int luma = 0; luma < 256; luma += 5)
        for (int cb = 0; cb < 256; cb += 17)
          for (int cr = 0; cr < 256; cr += 15) {
            const std::array<std::uint8_t, 6> bytes{static_cast<std::uint8_t>(luma), static_cast<std::uint8_t>(luma),
                                                    static_cast<std::uint8_t>(luma), static_cast<std::uint8_t>(luma),
                                                    static_cast<std::uint8_t>(cb),   static_cast<std::uint8_t>(cr)};
            ImageView view = ImageView::packed(bytes.data(), PixelFormat::nv12, 2, 2);
            view.matrix = matrix, view.range = range;
            const auto rgb = input_of(bytes_of(ResizeMode::squash, ResizeFilter::pil_nearest), view, 3, {1, 1});
            const double shown = standard.luma * (luma - standard.black);
            const double expected[] = {shown + standard.red_of_cr * (cr - 128),
                                       shown + standard.green_of_cb * (cb - 128) + standard.green_of_cr * (cr - 128),
                                       shown + standard.blue_of_cb * (cb - 128)};
            for (std::size_t c = 0; c < 3; ++c)
              ASSERT_NEAR(rgb[c], std::clamp(expected[c], 0.0, 255.0), 0.51) << luma << " " << cb << " " << cr;
          }
    }
  const std::array<std::uint8_t, 6> white{235, 235, 235, 235, 128, 128};
  EXPECT_EQ(input_of(bytes_of(ResizeMode::squash, ResizeFilter::pil_nearest),
                     ImageView::packed(white.data(), PixelFormat::nv12, 2, 2), 3, {1, 1}),
            (std::vector<std::uint8_t>{255, 255, 255}));
}

// Turned pictures, and pictures that are stored with other gaps, are the same.
TEST(Ycbcr, PartsBeginAtPixelsOfColour) {
  const YcbcrPicture picture(PixelFormat::nv12, 37, 25, Orientation::rotate_90, true);
  const PreprocessSpec spec = bytes_of(ResizeMode::squash, ResizeFilter::pil_bilinear);
  // Upright it is 25 x 37; its left is the bottom of what is stored, of which it has an odd number of rows.
  const auto part = picture.view().crop(3, 6, 10, 11);
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->width, 11);
  EXPECT_EQ(part->height, 10);
  const auto* const luma = static_cast<const std::uint8_t*>(picture.view().planes[0]);
  const auto* const colours = static_cast<const std::uint8_t*>(picture.view().planes[1]);
  EXPECT_EQ(static_cast<const std::uint8_t*>(part->planes[0]) - luma, 12 * picture.view().row_bytes[0] + 6);
  EXPECT_EQ(static_cast<const std::uint8_t*>(part->planes[1]) - colours, 6 * picture.view().row_bytes[1] + 6);
  EXPECT_EQ(input_of(spec, *part, 3).size(), 13u * 9 * 3);
  const auto odd = picture.view().crop(4, 6, 10, 11);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(
      odd.error().message,
      "the region of this picture begins at column 6, row 11 as stored: inside a pixel of colour, which is 2 columns "
      "wide and 2 rows high");
  EXPECT_FALSE(picture.view().crop(3, 5, 10, 11));
}

TEST(Ycbcr, PackedPlanesFollowEachOther) {
  const std::vector<std::uint8_t> bytes(8 * (5 + 3));
  const auto offset = [&](const void* plane) { return static_cast<const std::uint8_t*>(plane) - bytes.data(); };
  const ImageView view = ImageView::packed(bytes.data(), PixelFormat::nv12, 7, 5);
  EXPECT_EQ(view.row_bytes[0], 8);
  EXPECT_EQ(view.row_bytes[1], 8);
  EXPECT_EQ(offset(view.planes[1]), 8 * 5);
  const ImageView upwards = ImageView::packed(bytes.data() + 8 * 4, PixelFormat::nv12, 7, 5, -8);
  EXPECT_EQ(upwards.row_bytes[1], -8);
  EXPECT_EQ(offset(upwards.planes[1]), 8 * (5 + 2));
  EXPECT_TRUE(UprightPixels::of(view));
  EXPECT_TRUE(UprightPixels::of(upwards));
}

TEST(Ycbcr, PackedFormatsLieAsTheyAreUsuallyGiven) {
  const std::vector<std::uint8_t> bytes(1000);
  const auto offset = [&](const void* plane) { return static_cast<const std::uint8_t*>(plane) - bytes.data(); };
  const ImageView i420 = ImageView::packed(bytes.data(), PixelFormat::i420, 7, 5);
  EXPECT_EQ(i420.row_bytes, (std::array<std::ptrdiff_t, 3>{8, 4, 4}));
  EXPECT_EQ(offset(i420.planes[1]), 8 * 5);
  EXPECT_EQ(offset(i420.planes[2]), 8 * 5 + 4 * 3);
  const ImageView i422 = ImageView::packed(bytes.data(), PixelFormat::i422, 7, 5);
  EXPECT_EQ(i422.row_bytes, (std::array<std::ptrdiff_t, 3>{8, 4, 4}));
  EXPECT_EQ(offset(i422.planes[2]), 8 * 5 + 4 * 5);
  const ImageView i444 = ImageView::packed(bytes.data(), PixelFormat::i444, 7, 5);
  EXPECT_EQ(i444.row_bytes, (std::array<std::ptrdiff_t, 3>{7, 7, 7}));
  EXPECT_EQ(offset(i444.planes[2]), 7 * 5 * 2);
  EXPECT_EQ(ImageView::packed(bytes.data(), PixelFormat::nv16, 7, 5).row_bytes[1], 8);
  EXPECT_EQ(ImageView::packed(bytes.data(), PixelFormat::yuyv, 7, 5).row_bytes[0], 16);
  EXPECT_EQ(ImageView::packed(bytes.data(), PixelFormat::p010, 7, 5).row_bytes[1], 16);
  EXPECT_EQ(offset(ImageView::packed(bytes.data(), PixelFormat::p010, 7, 5).planes[1]), 16 * 5);
  EXPECT_EQ(ImageView::packed(bytes.data(), PixelFormat::rgb565, 7, 5).row_bytes[0], 14);
  for (const PixelFormat format : kYcbcrFormats)
    EXPECT_TRUE(UprightPixels::of(ImageView::packed(bytes.data(), format, 7, 5)));
}

// Parts of a picture are the same pixels, whatever the format's planes.
TEST_P(YcbcrFormats, PartsAreThePixelsOfTheWhole) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const YcbcrPicture picture(GetParam(), 24, 16, static_cast<Orientation>(orientation), orientation % 2 == 0);
    const Image whole = Image::upright(picture.view()).value();
    const auto part = picture.view().crop(4, 2, 8, 6);
    ASSERT_TRUE(part) << part.error().message;
    const Image copy = Image::upright(*part).value();
    for (int y = 0; y < 6; ++y)
      for (int x = 0; x < 3 * 8; ++x)
        ASSERT_EQ(
            static_cast<const std::uint8_t*>(copy.view().planes[0])[y * copy.view().row_bytes[0] + x],
            static_cast<const std::uint8_t*>(whole.view().planes[0])[(y + 2) * whole.view().row_bytes[0] + 3 * 4 + x]);
  }
}

// Every pixel by itself: its own luma, and the colours that cover it.
TEST_P(YcbcrFormats, BecomeRgbPixelByPixel) {
  for (int orientation = 1; orientation <= 8; ++orientation)
    for (const PictureSize& size : {PictureSize{7, 5}, {8, 4}, {1, 1}, {2, 3}}) {
      const YcbcrPicture picture(GetParam(), size.width, size.height, static_cast<Orientation>(orientation),
                                 orientation % 3 == 0, true);
      const ColourMatrix matrix = kMatrices[static_cast<std::size_t>(orientation) % 3];
      const ImageView view = picture.view(matrix, ColourRange::full);
      const Standard standard(matrix, ColourRange::full);
      const int width = view.upright_width(), height = view.upright_height();
      const bool turned = orientation >= 5;
      const PlaneForm colours = plane_form(GetParam(), size.width, size.height, 1);
      for (const PixelFormat target : {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra}) {
        const int pixel = target == PixelFormat::rgb || target == PixelFormat::bgr ? 3 : 4;
        const bool reversed = target == PixelFormat::bgr || target == PixelFormat::bgra;
        std::vector<std::uint8_t> out(static_cast<std::size_t>((width * pixel + 3) * height), 7);
        const auto done = convert(view, PixelBuffer::packed(out.data(), target, width, height, width * pixel + 3));
        ASSERT_TRUE(done) << done.error().message;
        for (int y = 0; y < height; ++y)
          for (int x = 0; x < width; ++x) {
            // Where the luma is stored, the colours of its block are.
            const auto [column, row] = stored_place(view.orientation, x, y, size.width, size.height);
            const int across = column / colours.covers_width, down = row / colours.covers_height;
            int cb = -1, cr = -1;
            for (int v = 0; v < picture.height(1); ++v)
              for (int u = 0; u < picture.width(1); ++u) {
                const auto [c, r] = stored_place(view.orientation, u, v, turned ? picture.height(1) : picture.width(1),
                                                 turned ? picture.width(1) : picture.height(1));
                if (c == across && r == down) cb = picture.at(1, u, v) - 128, cr = picture.at(2, u, v) - 128;
              }
            const double shown = picture.at(0, x, y);
            const double expected[] = {shown + standard.red_of_cr * cr,
                                       shown + standard.green_of_cb * cb + standard.green_of_cr * cr,
                                       shown + standard.blue_of_cb * cb};
            const std::uint8_t* const got = out.data() + y * (width * pixel + 3) + x * pixel;
            for (int c = 0; c < 3; ++c) ASSERT_NEAR(got[reversed ? 2 - c : c], expected[c], 0.51) << x << ' ' << y;
            ASSERT_TRUE(pixel == 3 || got[3] == 255);
          }
        for (int y = 0; y + 1 < height; ++y)
          ASSERT_EQ(out[static_cast<std::size_t>((y + 1) * (width * pixel + 3) - 1)], 7);
      }
    }
}

TEST(Ycbcr, ConvertRefusesWhatDoesNotFit) {
  const YcbcrPicture picture(PixelFormat::i420, 8, 6, Orientation::rotate_90, false);
  std::vector<std::uint8_t> out(8 * 6 * 4);
  const auto message = [&](const PixelBuffer& to) {
    const auto done = convert(picture.view(), to);
    return done ? std::string("fine") : done.error().message;
  };
  EXPECT_EQ(message(PixelBuffer::packed(out.data(), PixelFormat::rgb, 6, 8)), "fine");
  EXPECT_EQ(message(PixelBuffer::packed(out.data(), PixelFormat::rgb, 8, 6)),
            "the picture has 6x8 pixels, and there is room for 8x6");
  EXPECT_EQ(message(PixelBuffer::packed(out.data(), PixelFormat::nv12, 6, 8)),
            "pixels are written as rgb, bgr, rgba or bgra");
  EXPECT_EQ(message(PixelBuffer::packed(out.data(), PixelFormat::rgb, 6, 8, 17)),
            "rows to write to have 17 bytes, and 18 are needed");
  EXPECT_EQ(message(PixelBuffer::packed(nullptr, PixelFormat::rgb, 6, 8)), "there is no memory to write pixels to");
}

// 16 bits of which 5, 6 and 5 are red, green and blue: as the same picture of bytes.
TEST(Rgb565, IsThePictureOfItsLevels) {
  constexpr int kWidth = 33, kHeight = 20;
  const std::vector<std::uint8_t> words = NoisePicture(kWidth * 2, kHeight, 3).rgb;
  std::vector<std::uint8_t> rgb;
  for (std::size_t i = 0; i < std::size_t{kWidth} * kHeight; ++i) {
    const int word = words[2 * i] + 256 * words[2 * i + 1];
    for (const auto& [level, most] : {std::pair{word >> 11, 31}, {word >> 5 & 63, 63}, {word & 31, 31}})
      rgb.push_back(static_cast<std::uint8_t>(std::lround(255.0 * level / most)));
  }
  for (const ResizeFilter filter : kFilters)
    for (int orientation = 1; orientation <= 8; ++orientation)
      for (const int channels : {1, 3}) {
        ImageView packed = ImageView::packed(words.data(), PixelFormat::rgb565, kWidth, kHeight);
        ImageView bytes = ImageView::packed(rgb.data(), PixelFormat::rgb, kWidth, kHeight);
        packed.orientation = bytes.orientation = static_cast<Orientation>(orientation);
        const auto got = input_of(bytes_of(ResizeMode::crop, filter), packed, channels);
        const auto expected = input_of(bytes_of(ResizeMode::crop, filter), bytes, channels);
        ASSERT_EQ(got.size(), expected.size());
        for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1);
        const Image copy = Image::upright(packed).value(), plain = Image::upright(bytes).value();
        for (std::size_t i = 0; i < rgb.size(); ++i)
          ASSERT_NEAR(static_cast<const std::uint8_t*>(copy.view().planes[0])[i],
                      static_cast<const std::uint8_t*>(plain.view().planes[0])[i], 1);
      }
}

TEST(Ycbcr, MisuseIsASentence) {
  const YcbcrPicture picture(PixelFormat::nv12, 7, 5, Orientation::upright, false);
  const auto message = [&](const std::function<void(ImageView&)>& change) {
    ImageView view = picture.view();
    change(view);
    const auto checked = UprightPixels::check(view);
    return checked ? std::string("fine") : checked.error().message;
  };
  EXPECT_EQ(message([](ImageView&) {}), "fine");
  EXPECT_EQ(message([](ImageView& view) { view.planes[1] = nullptr; }), "the picture has no pixels");
  EXPECT_EQ(message([](ImageView& view) { view.row_bytes[0] = 6; }),
            "the picture has rows of 7 bytes, but its stride is 6");
  EXPECT_EQ(message([](ImageView& view) { view.row_bytes[1] = 7; }),
            "the picture's colours have rows of 8 bytes, but its stride is 7");
  EXPECT_EQ(message([](ImageView& view) { view.range = static_cast<ColourRange>(2); }),
            "the picture has an unknown colour matrix or range");
  EXPECT_EQ(message([](ImageView& view) { view.matrix = static_cast<ColourMatrix>(9); }),
            "the picture has an unknown colour matrix or range");
}

}  // namespace
}  // namespace mobilenet::testing
