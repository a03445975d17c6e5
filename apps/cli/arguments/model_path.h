// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the word behind -m means before anything is opened.

#include <mobilenet/result.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet::cli {

// ".tflite or .safetensors": the endings of all files that open, with a word before the last.
std::string model_endings(std::string_view conjunction);

// Whether files of this ending are models: ".tflite".
bool is_model_ending(std::string_view ending);

// "mobilenet_v2:1.0:224" or "ssdlite_mobilenet_v2:1.0:320" rather than a file.
bool is_architecture(const std::string& word);

// The file that a word names: a known model's, where nothing here has that name; of a folder the only model inside, or
// the one that Hugging Face calls model.safetensors; the index of a model in several files. Fails for other folders,
// with what they seem to be, for files that do not exist, with what may be meant, and for known models that are not
// fetched, with how they are.
Result<std::filesystem::path> model_path(const std::string& word);

// What may be read beside a model: lists of labels, configuration, a description, its other parts. By what such files
// are called, rather than by the names that readers know today.
std::vector<std::filesystem::path> files_beside(const std::filesystem::path& model);

}  // namespace mobilenet::cli
