// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Steadier answers for eyes: classes and masks that do not flicker from frame to frame. Part of the library
// mobilenet::live. What a smoother answers depends on times in seconds, not on the number of frames, so that it is the
// same at every frame rate. The first answer passes through as it is, and so does one that never changes.
//
// Times are those of the frames, in any scale that counts seconds; one before the last frame's is an error that changes
// nothing. Where there is no memory for a larger answer, all is forgotten. Labels are views as in results.h. Not
// thread-safe; one that was moved from may only be destroyed or assigned to.

#include <mobilenet/export.h>
#include <mobilenet/result.h>
#include <mobilenet/results.h>

#include <memory>
#include <span>

namespace mobilenet {

struct ClassSmootherOptions {
  double half_life = 0.25;  // seconds after which what was seen counts half, up to an hour
  float lead = 0.05f;       // the first class stays first until the score of another is larger by more than this
};

// Scores of classes, averaged over the past with weights that halve with every half life.
class MOBILENET_API ClassSmoother {
 public:
  static Result<ClassSmoother> create(const ClassSmootherOptions& options = {});
  ClassSmoother(ClassSmoother&&) noexcept;
  ClassSmoother& operator=(ClassSmoother&&) noexcept;
  ~ClassSmoother();

  // The averages of all classes seen lately, best first but for the lead of the first; valid until the next call. A
  // class that is not in `found` has the score 0 there, and is forgotten when its average is below 0.001; scores that
  // are not finite and further ones of a class are left out.
  Result<std::span<const Classification>> update(std::span<const Classification> found, double seconds) &;
  Result<std::span<const Classification>> update(std::span<const Classification> found, double seconds) && = delete;

  void reset();  // forgets all it has seen, as after a cut

 private:
  struct State;
  explicit ClassSmoother(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct MaskSmootherOptions {
  double hold_seconds = 0.2;  // how long a pixel shows its class after another has come, up to an hour
};

// A pixel changes its class when another has been there for hold_seconds more than it was not there, since it came. So
// a class that comes and goes shows only if it is there for more than half of the time.
class MOBILENET_API MaskSmoother {
 public:
  static Result<MaskSmoother> create(const MaskSmootherOptions& options = {});
  MaskSmoother(MaskSmoother&&) noexcept;
  MaskSmoother& operator=(MaskSmoother&&) noexcept;
  ~MaskSmoother();

  // The steadier mask, of the same size, and the classes in it; valid until the next call. Probabilities stay those of
  // `found`. A mask of another size than the last begins anew. Takes three bytes a pixel.
  Result<Segmentation> update(const Segmentation& found, double seconds) &;
  Result<Segmentation> update(const Segmentation& found, double seconds) && = delete;

  void reset();  // forgets all it has seen, as after a cut

 private:
  struct State;
  explicit MaskSmoother(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mobilenet
