// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which of the resizers a filter is, and what that resizer calls it.

#include <mobilenet/preprocess.h>

#include "preprocess/pil_taps.h"
#include "preprocess/resize_tf.h"

namespace mobilenet {

enum class ResizerKind { nearest, pil, tf };

ResizerKind kind_of(ResizeFilter filter);
// Of filters of this kind.
PilFilter pil_filter(ResizeFilter filter);
TfCentres tf_centres(ResizeFilter filter);

}  // namespace mobilenet
