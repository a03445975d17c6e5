// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What SessionOptions may hold, whatever the model: checked before anything is opened.

#include <mobilenet/session.h>

namespace mobilenet {

// The first option that is out of its range, by its name.
Result<void> check_options(const SessionOptions& options);

// How many threads a session of these options, which are in order, computes on.
int threads_of(const SessionOptions& options);

}  // namespace mobilenet
