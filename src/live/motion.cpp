// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "live/motion.h"

#include <algorithm>

namespace mobilenet::live {
namespace {

// Standard deviations in sizes of the object, the mean of its width and height. That of a box is SORT's and
// ByteTrack's; their changes per frame, at 30 frames a second, are near these per second.
constexpr double kOfBox = 0.05;         // how far a box is off
constexpr double kOfFirstRate = 2;      // how fast a new object may move: sizes per second
constexpr double kOfFirstGrowth = 0.5;  // how fast it may change its size
constexpr double kJolt = 1;             // how much the velocity changes in a second
constexpr double kGrowthJolt = 0.25;    // the same of the growth

constexpr double squared(double x) { return x * x; }

double centre(double low, double high) { return low + (high - low) / 2; }

}  // namespace

double overlap(const Box& a, const Box& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (!(width > 0 && height > 0)) return 0;
  const auto area = [](const Box& box) { return (box.right - box.left) * (box.bottom - box.top); };
  const double both = width * height;
  return both / (area(a) + area(b) - both);
}

SteadyNumber::SteadyNumber(double value, double variance, double rate_variance)
    : value_(value), variance_(variance), rate_variance_(rate_variance) {}

// White noise of acceleration: what it adds to the value grows with the third power of time (Y. Bar-Shalom, X. Li and
// T. Kirubarajan, Estimation with Applications to Tracking and Navigation, 6.2.2).
void SteadyNumber::predict(double seconds, double jolt) {
  value_ += rate_ * seconds;
  variance_ += seconds * (2 * covariance_ + seconds * (rate_variance_ + jolt * seconds / 3));
  covariance_ += seconds * (rate_variance_ + jolt * seconds / 2);
  rate_variance_ += jolt * seconds;
}

Step SteadyNumber::correct(double measured, double variance) {
  const double trust = variance_ / (variance_ + variance);  // the gains of a Kalman filter
  const double rate_trust = covariance_ / (variance_ + variance);
  const double error = measured - value_;
  const Step step = {trust * error, rate_trust * error};
  follow(step);
  rate_variance_ -= rate_trust * covariance_;
  variance_ *= 1 - trust;
  covariance_ *= 1 - trust;
  return step;
}

void SteadyNumber::follow(Step step) {
  value_ += step.value;
  rate_ += step.rate;
}

void SteadyNumber::keep_between(double low, double high) { value_ = std::clamp(value_, low, high); }

Motion::Motion(const Box& found)
    : x_(centre(found.left, found.right), 0, 0),
      y_(centre(found.top, found.bottom), 0, 0),
      width_(found.right - found.left, 0, 0),
      height_(found.bottom - found.top, 0, 0) {
  const double box = squared(kOfBox * size());
  const double rate = squared(kOfFirstRate * size()), growth = squared(kOfFirstGrowth * size());
  x_ = {x_.value(), box, rate};
  y_ = {y_.value(), box, rate};
  width_ = {width_.value(), box, growth};
  height_ = {height_.value(), box, growth};
}

void Motion::predict(double seconds) {
  const double jolt = squared(kJolt * size()), growth_jolt = squared(kGrowthJolt * size());
  x_.predict(seconds, jolt);
  y_.predict(seconds, jolt);
  for (SteadyNumber* length : {&width_, &height_}) {
    const double before = length->value();
    length->predict(seconds, growth_jolt);
    length->keep_between(before / 2, before * 2);  // or a long gap would turn a box inside out
  }
}

Motion::Shift Motion::correct(const Box& found) {
  const double variance = squared(kOfBox * size());
  width_.correct(found.right - found.left, variance);
  height_.correct(found.bottom - found.top, variance);
  return {x_.correct(centre(found.left, found.right), variance), y_.correct(centre(found.top, found.bottom), variance)};
}

void Motion::follow(const Shift& shift) {
  x_.follow(shift.x);
  y_.follow(shift.y);
}

void Motion::keep_size() {
  width_.stop();
  height_.stop();
}

Box Motion::expected() const {
  const double x = width_.value() / 2, y = height_.value() / 2;
  return {x_.value() - x, y_.value() - y, x_.value() + x, y_.value() + y};
}

}  // namespace mobilenet::live
