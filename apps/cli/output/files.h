// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Whole files in and out: a small file or standard input as bytes, and output that appears under its name only when it
// is complete.

#include <mobilenet/result.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "cli/output/pending_file.h"

namespace mobilenet::cli {

Result<std::vector<std::byte>> read_file(const std::filesystem::path& path);
// Standard input can be read only once: an error for the second who wants it.
Result<void> take_standard_input(std::string_view name);
// Standard input until its end; `name` stands for it in messages.
Result<std::vector<std::byte>> read_standard_input(std::string_view name);

// The parts one after the other; the file appears when it is complete.
Result<void> write_file(const Destination& destination, std::span<const std::span<const std::byte>> parts);
// The same of one part.
Result<void> write_bytes(const Destination& destination, std::span<const std::byte> content);
// The same of what writes to a name itself and replaces what has it; errors speak of the file that it becomes.
Result<void> save_file(const Destination& destination,
                       const std::function<Result<void>(const std::filesystem::path& path)>& save);

}  // namespace mobilenet::cli
