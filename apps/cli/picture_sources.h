// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which pictures the words of a command line mean: files, folders (the pictures directly inside, sorted by name),
// patterns that no shell has expanded, and "-" for standard input.

#include <span>
#include <string>
#include <vector>

namespace mobilenet::cli {

struct PictureSource {
  std::string name;   // as given, or folder/name
  std::string error;  // why there is no such picture; empty: read it
};

inline constexpr const char* kStandardInput = "-";

// In the order of the words. A word that means nothing becomes a source with an error, so that the others still count.
std::vector<PictureSource> expand_pictures(std::span<const std::string> words);

}  // namespace mobilenet::cli
