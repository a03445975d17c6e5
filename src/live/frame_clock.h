// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The times of frames, which never run backwards.

#include <mobilenet/result.h>

#include <cmath>
#include <optional>

#include "base/error.h"

namespace mobilenet::live {

class FrameClock {
 public:
  // The seconds since the frame before, 0 for the first; an error leaves the clock as it was.
  Result<double> advance(double seconds) {
    if (!std::isfinite(seconds))
      return failure(ErrorCode::invalid_argument, "the time of a frame must be a finite number of seconds");
    if (last_ && seconds < *last_)
      return failure(ErrorCode::invalid_argument, "the frame at ", seconds, " s follows one at ", *last_,
                     " s: times must not run backwards");
    const double passed = last_ ? seconds - *last_ : 0;
    last_ = seconds;
    return passed;
  }
  bool runs() const { return last_.has_value(); }
  void reset() { last_.reset(); }

 private:
  std::optional<double> last_;
};

}  // namespace mobilenet::live
