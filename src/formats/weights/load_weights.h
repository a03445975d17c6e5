// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// From named tensors to a model: whose names, which structure, which conventions, which labels, then the network. The
// same for every container.

#include <filesystem>
#include <string_view>

#include "formats/formats.h"
#include "formats/weights/convention.h"

namespace mobilenet {

// `container` is the name of the file's format, for LoadedModel::format. Files beside the model are looked for beside
// `path`, under its name; empty: nowhere. Messages do not name the file.
Result<LoadedModel> load_weights(std::string_view container, NamedTensors tensors, const std::filesystem::path& path);

}  // namespace mobilenet
