// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Whole files in and out: a small file or standard input as bytes, and output that appears under its name only when it
// is complete.

#include <mobilenet/result.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace mobilenet::cli {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// What the operating system says about errno `code`, as the rest of a sentence: "cannot open it: Permission denied".
Error system_error(const std::filesystem::path& path, std::string_view what, int code);

Result<std::vector<std::byte>> read_file(const std::filesystem::path& path);
// Standard input until its end; `name` stands for it in messages. It can be read only once.
Result<std::vector<std::byte>> read_standard_input(std::string_view name);

// The parts one after the other, through a temporary file in the same folder that is renamed at the end.
Result<void> write_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts);

// A file for reading and writing in the folder of `path` that has no name any more: it goes when it is closed.
Result<File> open_nameless_file(const std::filesystem::path& path);

}  // namespace mobilenet::cli
