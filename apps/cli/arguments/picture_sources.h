// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Which pictures the words of a command line mean: files, folders (the pictures directly inside, sorted by name, or
// those of all folders below too), patterns that no shell has expanded, and "-" for standard input; and which of them
// mean pictures that move: videos, cameras ("0", "/dev/video0") and addresses of streams ("rtsp://...").

#include <mobilenet/result.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace mobilenet::cli {

struct PictureSource {
  std::string name;   // as given, or folder/name
  std::string error;  // why there is no such picture; empty: read it
  // Where it lies below the folder that was named, "day 1/a.jpg"; of a file that was named, its name alone.
  std::string below = {};
  bool done = false;  // an earlier run has answered it; it is not read
};

inline constexpr const char* kStandardInput = "-";

// Whether a file of this name is read as a picture, whatever it holds.
bool has_picture_extension(const std::filesystem::path& path);

struct MovingSource {
  std::string name;   // as given: a file, a camera, an address
  bool live = false;  // a camera or a stream: it has no end, and its frames do not wait
};

struct PictureList {
  std::vector<PictureSource> sources;  // in the order of the words
  std::vector<MovingSource> moving;    // likewise
  std::vector<std::string> skipped;    // a sentence for each folder that holds more than pictures
};

struct ExpandOptions {
  bool recursive = false;                     // folders with what lies below; links to folders are not followed
  std::span<const std::string> results = {};  // folders that are not looked into on the way down
};

// A word that means nothing becomes a source with an error, so that the others still count.
PictureList expand_pictures(std::span<const std::string> words, const ExpandOptions& options = {});

// Names of pictures, one a line, from a file or from standard input ("-").
Result<std::vector<std::string>> read_picture_list(const std::string& path);

}  // namespace mobilenet::cli
