// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// preprocessor_config.json of Hugging Face transformers.

#include <mobilenet/decision.h>
#include <mobilenet/result.h>

#include <filesystem>
#include <vector>

#include "spec/model_spec.h"

namespace mobilenet {

// Fills the preprocessing and the input's size from preprocessor_config.json beside `model`, else as Hugging Face's
// published MobileNets of this image size have it.
Result<void> read_hugging_face_preprocessor(const std::filesystem::path& model, int image_size, ModelSpec& spec,
                                            std::vector<Decision>& decisions);

}  // namespace mobilenet
