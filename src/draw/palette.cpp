// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "draw/palette.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace mobilenet::drawing {
namespace {

// Vivid, and in an order that puts unlike colours side by side: the first ones are those that most pictures show.
constexpr std::array<Colour, 20> kVivid{{
    {255, 64, 64},    // red
    {0, 170, 255},    // sky
    {255, 190, 0},    // amber
    {0, 195, 105},    // green
    {185, 80, 255},   // violet
    {255, 120, 0},    // orange
    {0, 215, 215},    // cyan
    {255, 70, 170},   // pink
    {165, 215, 0},    // lime
    {60, 90, 255},    // blue
    {255, 150, 140},  // salmon
    {0, 140, 130},    // teal
    {225, 140, 255},  // orchid
    {160, 100, 35},   // brown
    {120, 235, 160},  // mint
    {200, 0, 90},     // crimson
    {130, 185, 255},  // light blue
    {240, 230, 80},   // yellow
    {115, 55, 185},   // purple
    {95, 150, 30},    // moss
}};

// After one round through the vivid colours they come back mixed with white or black.
struct Mix {
  double amount, with;
};
constexpr std::array<Mix, 5> kRounds{{{0, 0}, {0.36, 255}, {0.32, 0}, {0.62, 255}, {0.55, 0}}};

std::uint8_t mixed(std::uint8_t sample, Mix mix) {
  return static_cast<std::uint8_t>(std::lround(sample + mix.amount * (mix.with - sample)));
}

// WCAG's relative luminance, 0..1.
double luminance(Colour colour) {
  const auto linear = [](std::uint8_t sample) {
    const double value = sample / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue);
}

}  // namespace

Colour class_colour(int index) {
  if (index < 0) return {128, 128, 128};
  const auto number = static_cast<std::size_t>(index);
  const Colour vivid = kVivid[number % kVivid.size()];
  const Mix mix = kRounds[number / kVivid.size() % kRounds.size()];
  return {mixed(vivid.red, mix), mixed(vivid.green, mix), mixed(vivid.blue, mix)};
}

Colour instance_colour(int class_index, std::size_t instance) {
  constexpr std::array<Mix, 5> kShades{{{0, 0}, {0.42, 255}, {0.3, 0}, {0.22, 255}, {0.5, 0}}};
  const Colour colour = class_colour(class_index);
  const Mix mix = kShades[instance % kShades.size()];
  return {mixed(colour.red, mix), mixed(colour.green, mix), mixed(colour.blue, mix)};
}

Colour readable_on(Colour background) {
  // Contrast is (lighter + 0.05) / (darker + 0.05).
  const double light = luminance(background) + 0.05;
  return light / 0.05 >= 1.05 / light ? Colour{0, 0, 0} : Colour{255, 255, 255};
}

}  // namespace mobilenet::drawing
