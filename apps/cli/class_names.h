// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Classes as people name them: by label or by number.

#include <mobilenet/model.h>
#include <mobilenet/result.h>

#include <span>
#include <string>
#include <vector>

namespace mobilenet::cli {

// "person, dog" as its words, blanks around them left out.
std::vector<std::string> split_list(const std::string& text);

// Their 0-based indices: the class of that label, in upper or lower case; else of that number. A word that is
// neither is a wrong command line, answered with what may be meant.
Result<std::vector<int>> classes_named(std::span<const std::string> words, const ModelInfo& info);

}  // namespace mobilenet::cli
