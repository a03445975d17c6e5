// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// --preprocess, --filter, --encoding and --channels: how pictures become the network's input.

#include <mobilenet/preprocess.h>

#include <optional>
#include <string_view>

#include "cli/arguments/options.h"

namespace CLI {
class App;
}

namespace mobilenet::cli {

// All four.
void add_preprocess_options(CLI::App& app, ModelChoice& choice);
// Only --encoding and --channels, for what starts from pictures of the network's size.
void add_encoding_options(CLI::App& app, ModelChoice& choice);

// "unit", "signed", "bytes" or MEAN/DEVIATION, each one number or three with commas; nothing for anything else.
std::optional<PixelEncoding> encoding_from(std::string_view text);

}  // namespace mobilenet::cli
