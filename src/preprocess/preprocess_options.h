// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a caller says of the preprocessing, put over what the model says.

#include <mobilenet/preprocess.h>
#include <mobilenet/result.h>

#include "spec/preprocess_spec.h"

namespace mobilenet {

// Fails where an option is no value of its enumeration or an encoding is not of finite numbers.
Result<PreprocessSpec> with_options(PreprocessSpec spec, const PreprocessOptions& options);

}  // namespace mobilenet
