// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Classes as people name them: by label or by number.

#include <mobilenet/model.h>
#include <mobilenet/result.h>

#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mobilenet::cli {

// "person, dog" as its words, blanks around them left out.
std::vector<std::string> split_list(const std::string& text);

// Their indices, as answers have them: the class of that label, in upper or lower case; else of that number. A
// word that is neither is a wrong command line, answered with what may be meant.
Result<std::vector<int>> classes_named(std::span<const std::string> words, const ModelInfo& info);

// --classes and --exclude
struct ClassArguments {
  std::vector<std::string> only, without;
};
void add_class_options(CLI::App& app, ClassArguments& arguments);
// What they ask of a session of this model.
Result<void> choose_classes(const ClassArguments& arguments, const ModelInfo& info, SessionOptions& options);

}  // namespace mobilenet::cli
