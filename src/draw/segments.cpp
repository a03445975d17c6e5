// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/segments.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "base/background_label.h"
#include "base/error.h"
#include "draw/caption.h"
#include "draw/palette.h"
#include "draw/proportions.h"

namespace mobilenet::drawing {
namespace {

constexpr double kWorthAJump = 0.25;  // of the legend

bool is_background(const SegmentClass& entry) {
  return entry.index == 0 && (entry.label.empty() || mobilenet::is_background(entry.label));
}

// How many pixels from `begin` on are of its class and near no border.
std::size_t run_from(std::span<const std::uint8_t> mask, std::span<const std::uint8_t> nearness, std::size_t begin) {
  const std::uint64_t same = 0x0101010101010101u * mask[begin];
  std::size_t x = begin;
  for (; x + 8 <= mask.size(); x += 8) {
    std::uint64_t classes, near;
    std::memcpy(&classes, mask.data() + x, 8);
    std::memcpy(&near, nearness.data() + x, 8);
    if (((classes ^ same) | near) != 0) break;
  }
  while (x < mask.size() && mask[x] == mask[begin] && nearness[x] == 0) ++x;
  return x - begin;
}

void append_share(std::string& words, std::int64_t pixels, double all) {
  const double percent = 100 * static_cast<double>(pixels) / all;
  if (percent > 0 && percent < 0.1) {
    words += "<0.1";
  } else {
    append_decimal(words, percent, 1);
  }
  words += " %";
}

}  // namespace

void Segments::prepare(const Pixels& picture, const Segmentation& segmentation) {
  const int line = line_width(picture.width, picture.height);
  // Outlines lie on the inner side of each region and fade within one pixel, whose nearness is 3 to 0; a shade lies
  // around them where nothing is tinted.
  const int dark_from = 3 * (line - shade_width(line)) + 1;
  for (std::size_t near = 0; near < 256; ++near) {
    const double covered = std::min(static_cast<double>(near) / 3, 1.0);
    weights_of_classes_[near] = static_cast<std::uint16_t>(weight_of(kMaskOpacity + (1 - kMaskOpacity) * covered));
    const bool is_dark = static_cast<int>(near) >= dark_from;
    weights_of_background_[near] = static_cast<std::uint16_t>(is_dark ? weight_of(kShadeOpacity) : 0);
  }
  for (std::size_t i = 0; i < tints_.size(); ++i) {
    tints_[i].colour = class_colour(static_cast<int>(i));
    tints_[i].weights = weights_of_classes_.data();
    tints_[i].has_brush = false;
  }
  zero_is_background_ = std::ranges::any_of(segmentation.classes, is_background);
  if (zero_is_background_) tints_[0].colour = {}, tints_[0].weights = weights_of_background_.data();
  borders_.begin(segmentation.mask, picture.width, picture.height, line);
}

void Segments::tint_row(const Pixels& picture, int y, std::span<const std::uint8_t> mask,
                        std::span<const std::uint8_t> nearness) {
  std::uint8_t* const row = picture.at(0, y);
  for (std::size_t x = 0; x < mask.size();) {
    Tint& tint = tints_[mask[x]];
    std::uint8_t* const pixel = row + static_cast<std::ptrdiff_t>(x) * picture.pixel_bytes;
    if (nearness[x] > 0) {
      blend(picture, pixel, tint.colour, tint.weights[nearness[x]]);
      ++x;
      continue;
    }
    const std::size_t count = run_from(mask, nearness, x);
    if (tint.weights[0] > 0) {
      if (!std::exchange(tint.has_brush, true)) tint.brush = Brush(picture, tint.colour, tint.weights[0]);
      tint.brush.run(pixel, static_cast<std::ptrdiff_t>(count));
    }
    x += count;
  }
}

// Where it hides the least, the lower left before others that hide as little. In a picture of the same size as the one
// before it stays where it was, until it hides so much more there that a jump disturbs less.
void Segments::place_legend(const Pixels& picture, std::span<const std::uint8_t> mask) {
  constexpr std::array kCorners{Panel::Corner::lower_left, Panel::Corner::lower_right, Panel::Corner::upper_left,
                                Panel::Corner::upper_right};
  // The share of the legend that lies over objects.
  const auto hidden = [&](Panel::Corner corner) {
    const Box box = legend_.box(picture, corner);
    const auto left = static_cast<std::size_t>(box.left), right = static_cast<std::size_t>(box.right);
    const auto width = static_cast<std::size_t>(picture.width);
    std::ptrdiff_t zeros = 0;
    for (auto y = static_cast<std::size_t>(box.top); y < static_cast<std::size_t>(box.bottom); ++y)
      zeros += std::ranges::count(mask.subspan(y * width + left, right - left), std::uint8_t{0});
    return zero_is_background_ ? 1 - static_cast<double>(zeros) / (box.width() * box.height()) : 1;
  };
  const Panel::Corner quietest = *std::ranges::min_element(kCorners, {}, hidden);
  const bool had_place = picture.width == width_ && picture.height == height_;
  if (!had_place || hidden(legend_corner_) - hidden(quietest) > kWorthAJump) legend_corner_ = quietest;
  width_ = picture.width, height_ = picture.height;
}

void Segments::draw_legend(Canvas& canvas, const Segmentation& segmentation) {
  const Pixels& picture = canvas.picture();
  const double all = double{1} * picture.width * picture.height;
  legend_.begin(picture);
  for (const SegmentClass& entry : segmentation.classes) {
    if (is_background(entry) || entry.pixels <= 0) continue;
    PanelRow& row = legend_.add();
    row.swatch = class_colour(entry.index);
    append_class(row.name, entry.index, entry.label, canvas.letters(), legend_.font_size());
    append_share(row.number, entry.pixels, all);
  }
  if (!legend_.lay_out(picture, canvas.letters())) return;
  place_legend(picture, segmentation.mask);
  legend_.draw(canvas, legend_corner_);
}

Result<void> Segments::draw(Canvas& canvas, const Segmentation& segmentation) {
  const Pixels& picture = canvas.picture();
  const std::size_t pixels = static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
  if (segmentation.width != picture.width || segmentation.height != picture.height ||
      segmentation.mask.size() != pixels) {
    return failure(ErrorCode::invalid_argument, "the mask of ", segmentation.width, "x", segmentation.height,
                   " pixels is not of the picture's size, ", picture.width, "x", picture.height);
  }
  prepare(picture, segmentation);
  const auto width = static_cast<std::size_t>(picture.width);
  for (int y = picture.height - 1; y >= 0; --y)
    tint_row(picture, y, segmentation.mask.subspan(static_cast<std::size_t>(y) * width, width), borders_.row_above());
  draw_legend(canvas, segmentation);
  return {};
}

}  // namespace mobilenet::drawing
