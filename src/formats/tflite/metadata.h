// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// TensorFlow Lite's model metadata: how the picture is normalised, and what the files packed behind the model are for.
// It only advises: metadata that cannot be read is as good as none.

#include <mobilenet/preprocess.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mobilenet::tflite {

struct ModelMetadata {
  std::optional<PixelEncoding> normalization;  // of the first input
  std::vector<std::string> label_files;        // of any output; the model's own before translations, English first
  std::string calibration_file;                // of scores, of any output; empty: none
  std::vector<std::string> other_files;        // calibrations, vocabularies: everything that is no list of labels
};

// `bytes`: the metadata's own FlatBuffer. None where it is damaged or another format.
std::optional<ModelMetadata> parse_metadata(std::span<const std::byte> bytes);

// A file of the zip archive that metadata tools append to a model.
struct PackedFile {
  std::string name;
  std::string text;
};

// The small files of the archive at the end of `file`; empty without one, and in a build without libzip.
std::vector<PackedFile> packed_files(std::span<const std::byte> file);
// Whether the archive has a file of this name but cannot be read, because its end was cut off or damaged. Never in a
// build without libzip.
bool lost_packed_file(std::span<const std::byte> file, std::string_view name);

}  // namespace mobilenet::tflite
