// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// mobilenet bench --live: frames as a camera gives them, from their pixels to their answers.

#include <mobilenet/model.h>
#include <mobilenet/session.h>

namespace mobilenet::cli {

// NV12 of 1920x1080, noise, through a Runner as fast as it takes them, for so long after a warm-up. The exit code.
int bench_live(const Model& model, const SessionOptions& session, double seconds, bool json);

}  // namespace mobilenet::cli
