// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/panel.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "draw/caption.h"

namespace mobilenet::drawing {
namespace {

constexpr double kOpacity = 0.62;
constexpr double kFont = 0.92;       // of the picture's caption size
constexpr double kMostHeight = 0.6;  // of the picture

}  // namespace

void Panel::begin(const Pixels& picture) {
  count_ = 0;
  font_size_ = std::max(8, static_cast<int>(std::lround(kFont * caption_font_size(picture.width, picture.height))));
}

PanelRow& Panel::add() {
  if (count_ == rows_.size()) rows_.emplace_back();
  PanelRow& row = rows_[count_++];
  row.swatch.reset();
  row.name.clear();
  row.number.clear();
  return row;
}

bool Panel::lay_out(const Pixels& picture, Letters& letters) {
  const double em = font_size_;
  margin_ = std::round(0.5 * em);
  row_height_ = std::round(1.5 * em);
  const double room = std::floor((kMostHeight * picture.height - 2 * margin_) / row_height_);
  const auto fitting = static_cast<std::size_t>(std::clamp(room, 0.0, 256.0));
  if (count_ > fitting) {
    const std::size_t others = count_ - (fitting - 1);
    count_ = fitting;
    if (fitting >= 2) {
      --count_;
      PanelRow& last = add();
      last.name += '+';
      append_number(last.name, static_cast<std::int64_t>(others));
    }
  }

  const std::span<PanelRow> rows(rows_.data(), count_);
  double names = 0, numbers = 0;
  name_left_ = 0;
  for (const PanelRow& row : rows) {
    names = std::max(names, letters.width(row.name, font_size_));
    numbers = std::max(numbers, letters.width(row.number, font_size_));
    if (row.swatch) name_left_ = std::round(1.4 * em);
  }
  // Outside the panel, inside it left and right, between names and numbers.
  const double around = 2 * margin_ + 2 * margin_ + name_left_ + (numbers > 0 ? em : 0);
  const double names_room = std::min(picture.width - around - numbers, caption_room(picture.width, font_size_));
  if (count_ == 0 || names_room < 2 * em) return false;
  for (PanelRow& row : rows) shorten(row.name, letters, font_size_, names_room);
  width_ = std::ceil(std::min(names, names_room) + numbers + around - 2 * margin_);
  height_ = row_height_ * static_cast<double>(count_) + 2 * std::round(0.3 * em);
  return true;
}

Box Panel::box(const Pixels& picture, Corner corner) const {
  const bool at_left = corner == Corner::lower_left || corner == Corner::upper_left;
  const bool at_top = corner == Corner::upper_left || corner == Corner::upper_right;
  const double left = at_left ? margin_ : picture.width - margin_ - width_;
  const double top = at_top ? margin_ : picture.height - margin_ - height_;
  return {left, top, left + width_, top + height_};
}

void Panel::draw(Canvas& canvas, Corner corner) const {
  const double em = font_size_;
  const Box panel = box(canvas.picture(), corner);
  canvas.fill(panel, 0.4 * em, {}, kOpacity);
  double top = panel.top + std::round(0.3 * em);
  const double left = panel.left + margin_;
  for (const PanelRow& row : std::span(rows_.data(), count_)) {
    const double baseline = std::round(top + 1.1 * em);
    if (row.swatch) {
      const double side = std::round(0.9 * em);
      const double swatch_top = std::round(top + (row_height_ - side) / 2);
      canvas.fill({left, swatch_top, left + side, swatch_top + side}, 0.2 * em, *row.swatch);
    }
    canvas.text(left + name_left_, baseline, row.name, font_size_, {255, 255, 255});
    const double number_left = std::round(panel.right - margin_ - canvas.letters().width(row.number, font_size_));
    canvas.text(number_left, baseline, row.number, font_size_, {225, 225, 225});
    top += row_height_;
  }
}

}  // namespace mobilenet::drawing
