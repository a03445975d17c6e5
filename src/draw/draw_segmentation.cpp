// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The tint and the outline of every class, and the legend where it hides the least.

#include <mobilenet/draw.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/background_label.h"
#include "base/caught.h"
#include "base/error.h"
#include "draw/canvas.h"
#include "draw/caption.h"
#include "draw/palette.h"
#include "draw/proportions.h"
#include "draw/rgb_picture.h"

namespace mobilenet::drawing {
namespace {

constexpr double kLegendOpacity = 0.62;
constexpr double kLegendFont = 0.92;   // of the picture's caption size
constexpr double kLegendHeight = 0.6;  // of the picture, at most

bool is_background(const SegmentClass& entry) {
  return entry.index == 0 && (entry.label.empty() || mobilenet::is_background(entry.label));
}

// For each class number: the colour it is tinted with, and whether it is.
struct Tints {
  std::array<Colour, 256> colours;
  std::array<bool, 256> drawn;
};

Tints tints_of(const Segmentation& segmentation) {
  Tints tints;
  tints.drawn.fill(true);
  for (int i = 0; i < 256; ++i) tints.colours[static_cast<std::size_t>(i)] = class_colour(i);
  for (const SegmentClass& entry : segmentation.classes) {
    if (is_background(entry)) tints.drawn[0] = false;
  }
  return tints;
}

// For each pixel, three times its distance to the nearest pixel of another class, less 3: 0 beside a border, 255 far
// away. Steps of 3 and 4 approximate straight and diagonal ones; two passes find them all. The picture's own edge is no
// border.
std::vector<std::uint8_t> border_distances(std::span<const std::uint8_t> mask, int width, int height) {
  const auto columns = static_cast<std::ptrdiff_t>(width);
  std::vector<std::uint8_t> distances(mask.size());
  const auto index = [columns](int x, int y) { return static_cast<std::size_t>(y * columns + x); };
  const auto relax = [&](std::size_t at, std::size_t neighbour, int step) {
    const int through = mask[at] != mask[neighbour] ? step - 3 : distances[neighbour] + step;
    if (through < distances[at]) distances[at] = static_cast<std::uint8_t>(through);
  };
  std::ranges::fill(distances, std::uint8_t{255});
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const std::size_t at = index(x, y);
      if (x > 0) relax(at, at - 1, 3);
      if (y == 0) continue;
      relax(at, index(x, y - 1), 3);
      if (x > 0) relax(at, index(x - 1, y - 1), 4);
      if (x + 1 < width) relax(at, index(x + 1, y - 1), 4);
    }
  }
  for (int y = height - 1; y >= 0; --y) {
    for (int x = width - 1; x >= 0; --x) {
      const std::size_t at = index(x, y);
      if (x + 1 < width) relax(at, at + 1, 3);
      if (y + 1 == height) continue;
      relax(at, index(x, y + 1), 3);
      if (x > 0) relax(at, index(x - 1, y + 1), 4);
      if (x + 1 < width) relax(at, index(x + 1, y + 1), 4);
    }
  }
  return distances;
}

// `weight` is of 256.
std::uint8_t blended(std::uint8_t below, std::uint8_t colour, int weight) {
  return static_cast<std::uint8_t>((below * (256 - weight) + colour * weight + 128) >> 8);
}

// Tints; outlines of `line` pixels on the inner side of each region, which fade within one pixel; and a shade around
// them where nothing is tinted.
void tint(const RgbPicture& picture, std::span<const std::uint8_t> mask, const Tints& tints, int line) {
  const auto distances = border_distances(mask, picture.width, picture.height);
  std::array<int, 256> weights;  // of the colour, by distance
  for (int i = 0; i < 256; ++i) {
    const double covered = std::clamp((3.0 * line - i) / 3, 0.0, 1.0);
    weights[static_cast<std::size_t>(i)] =
        static_cast<int>(std::lround(256 * (kMaskOpacity + (1 - kMaskOpacity) * covered)));
  }
  const double shade = 3 * shade_width(line);
  const int shade_weight = static_cast<int>(std::lround(256 * kShadeOpacity));
  std::uint8_t* pixel = picture.rgb;
  for (std::size_t i = 0; i < mask.size(); ++i, pixel += 3) {
    const bool drawn = tints.drawn[mask[i]];
    if (!drawn && distances[i] >= shade) continue;
    const Colour colour = drawn ? tints.colours[mask[i]] : Colour{};
    const int weight = drawn ? weights[distances[i]] : shade_weight;
    pixel[0] = blended(pixel[0], colour.red, weight);
    pixel[1] = blended(pixel[1], colour.green, weight);
    pixel[2] = blended(pixel[2], colour.blue, weight);
  }
}

struct LegendRow {
  Colour colour;
  bool swatch = true;
  std::string name, share;
};

struct Legend {
  double font_size = 0, margin = 0, row_height = 0, name_left = 0;
  std::vector<LegendRow> rows;
  Box panel;
};

std::string share_text(std::int64_t pixels, double all) {
  const double percent = 100 * static_cast<double>(pixels) / all;
  return percent > 0 && percent < 0.1 ? "<0.1 %" : decimal(percent, 1) + " %";
}

// Where the panel hides the least of what was found: the four corners, the lower left first.
Box quietest_corner(const RgbPicture& picture, const Segmentation& segmentation, const Tints& tints, double width,
                    double height, double margin) {
  const double right = picture.width - margin - width, bottom = picture.height - margin - height;
  const std::array<Box, 4> corners{{{margin, bottom, margin + width, bottom + height},
                                    {right, bottom, right + width, bottom + height},
                                    {margin, margin, margin + width, margin + height},
                                    {right, margin, right + width, margin + height}}};
  const auto hidden = [&](const Box& box) {
    std::int64_t count = 0;
    for (int y = static_cast<int>(box.top); y < static_cast<int>(box.bottom); ++y) {
      const auto row = segmentation.mask.subspan(static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width));
      for (int x = static_cast<int>(box.left); x < static_cast<int>(box.right); ++x) {
        count += tints.drawn[row[static_cast<std::size_t>(x)]] ? 1 : 0;
      }
    }
    return count;
  };
  return *std::ranges::min_element(corners, {}, hidden);
}

// As many classes as fit, the last line counting the others; no rows when there is no room for any.
Legend lay_out_legend(const RgbPicture& picture, const Segmentation& segmentation, const Tints& tints) {
  Legend legend;
  legend.font_size = std::max(8.0, std::round(kLegendFont * caption_font_size(picture.width, picture.height)));
  const double em = legend.font_size;
  legend.margin = std::round(0.5 * em);
  legend.row_height = std::round(1.5 * em);
  legend.name_left = std::round(1.4 * em);
  const double all = double{1} * picture.width * picture.height;
  for (const SegmentClass& entry : segmentation.classes) {
    if (is_background(entry) || entry.pixels <= 0) continue;
    const Colour colour = class_colour(entry.index);
    legend.rows.push_back({colour, true, class_caption(entry.index, entry.label), share_text(entry.pixels, all)});
  }
  const double room = std::floor((kLegendHeight * picture.height - 2 * legend.margin) / legend.row_height);
  const auto fitting = static_cast<std::size_t>(std::clamp(room, 0.0, 256.0));
  if (legend.rows.size() > fitting) {
    if (fitting < 2) {
      legend.rows.resize(fitting);
    } else {
      const std::size_t others = legend.rows.size() - (fitting - 1);
      legend.rows.resize(fitting - 1);
      legend.rows.push_back({{}, false, "+" + std::to_string(others), ""});
    }
  }

  double names = 0, shares = 0;
  for (const LegendRow& row : legend.rows) {
    names = std::max(names, text_width(row.name, em));
    shares = std::max(shares, text_width(row.share, em));
  }
  // Outside the panel, inside it left and right, between names and shares.
  const double around = 2 * legend.margin + 2 * legend.margin + legend.name_left + em;
  const double names_room = std::min(picture.width - around - shares, caption_room(picture.width, em));
  if (legend.rows.empty() || names_room < 2 * em) {
    legend.rows.clear();
    return legend;
  }
  for (LegendRow& row : legend.rows) row.name = shortened(row.name, em, names_room);
  const double width = std::ceil(std::min(names, names_room) + shares + around - 2 * legend.margin);
  const double height = legend.row_height * static_cast<double>(legend.rows.size()) + 2 * std::round(0.3 * em);
  legend.panel = quietest_corner(picture, segmentation, tints, width, height, legend.margin);
  return legend;
}

void draw_legend(Canvas& canvas, const Legend& legend) {
  const double em = legend.font_size;
  canvas.fill(legend.panel, 0.4 * em, {}, kLegendOpacity);
  double top = legend.panel.top + std::round(0.3 * em);
  const double left = legend.panel.left + legend.margin;
  for (const LegendRow& row : legend.rows) {
    const double baseline = std::round(top + 1.1 * em);
    if (row.swatch) {
      const double side = std::round(0.9 * em);
      const double swatch_top = std::round(top + (legend.row_height - side) / 2);
      canvas.fill({left, swatch_top, left + side, swatch_top + side}, 0.2 * em, row.colour);
    }
    canvas.text(left + legend.name_left, baseline, row.name, em, {255, 255, 255});
    const double share_left = std::round(legend.panel.right - legend.margin - text_width(row.share, em));
    if (!row.share.empty()) canvas.text(share_left, baseline, row.share, em, {225, 225, 225});
    top += legend.row_height;
  }
}

Result<void> draw_classes(const RgbPicture& picture, const Segmentation& segmentation) {
  const std::size_t pixels = static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
  if (segmentation.width != picture.width || segmentation.height != picture.height ||
      segmentation.mask.size() != pixels) {
    return failure(ErrorCode::invalid_argument, "the mask of ", segmentation.width, "x", segmentation.height,
                   " pixels is not of the picture's size, ", picture.width, "x", picture.height);
  }
  const Tints tints = tints_of(segmentation);
  tint(picture, segmentation.mask, tints, line_width(picture.width, picture.height));
  const Legend legend = lay_out_legend(picture, segmentation, tints);
  if (legend.rows.empty()) return {};
  return paint(picture, legend.panel, [&](Canvas& canvas) { draw_legend(canvas, legend); });
}

}  // namespace
}  // namespace mobilenet::drawing

mobilenet::Result<void> mobilenet::draw(Image& picture, const Segmentation& segmentation) try {
  MOBILENET_CHECK(can_draw());
  MOBILENET_TRY(const drawing::RgbPicture pixels, drawing::upright_pixels(picture));
  return drawing::draw_classes(pixels, segmentation);
} catch (...) {
  return caught("drawing classes");
}
