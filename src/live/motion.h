// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Where an object will be: a Kalman filter of constant velocity over the centre and size of its boxes, in real time, so
// that frames may come as they like. Every error is taken to be independent and to grow with the object's size; the
// usual filter of eight states then falls apart into one of two states, a number and its rate, for each of the four
// numbers of a box.

namespace mobilenet::live {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};

// Intersection over union, 0..1.
double overlap(const Box& a, const Box& b);

// By how much a number and its rate change.
struct Step {
  double value = 0, rate = 0;
};

// A number that changes at a nearly constant rate.
class SteadyNumber {
 public:
  SteadyNumber(double value, double variance, double rate_variance);

  // `jolt`: the variance that the rate gains in a second.
  void predict(double seconds, double jolt);
  Step correct(double measured, double variance);
  void follow(Step step);
  void stop() { rate_ = 0; }

  double value() const { return value_; }
  void keep_between(double low, double high);

 private:
  double value_, rate_ = 0;
  double variance_, covariance_ = 0, rate_variance_;  // of the value, of both, of the rate
};

class Motion {
 public:
  // Of the centre.
  struct Shift {
    Step x, y;
  };

  explicit Motion(const Box& found);

  void predict(double seconds);
  Shift correct(const Box& found);
  // Without a box: what the corrections of other objects have in common, which is the camera's motion.
  void follow(const Shift& shift);
  // An object that is hidden moves on, but neither grows nor shrinks.
  void keep_size();
  Box expected() const;

 private:
  double size() const { return (width_.value() + height_.value()) / 2; }
  SteadyNumber x_, y_, width_, height_;
};

}  // namespace mobilenet::live
