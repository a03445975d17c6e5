// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The models that have a name: those that are bundled, and public ones with the address where their makers keep them.
// known_models.json, which becomes part of the program (embed_text.cmake); $MOBILENET_MODELS names another such file.

#include <mobilenet/result.h>
#include <mobilenet/task.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet::cli {

struct KnownModel {
  std::string name;   // "mobilenet_v2"
  std::string title;  // "MobileNet V2 1.0 224, u8"
  Task task = Task::classify;
  std::string file;  // its name in the folder of fetched models, or of bundled ones
  std::uint64_t bytes = 0;
  std::string sha256;  // of the file; 64 digits
  std::string licence;
  std::string accuracy;       // "top-1 70.8 %"; empty: not known
  std::string accuracy_kind;  // "published" or "measured"
  std::string accuracy_on;    // "ImageNet": the pictures, and whose figure it is
  bool bundled = false;
  std::string address;         // of the file, or of an archive that holds it; empty: bundled
  std::string member;          // the file's name in the archive; empty: no archive
  std::string archive_sha256;  // empty: not known
};

// Fails where $MOBILENET_MODELS names a file that is no such list.
Result<std::vector<KnownModel>> known_models();
// The list in `text`; `source` stands for it in messages.
Result<std::vector<KnownModel>> parse_known_models(std::string_view text, const std::string& source);
// The text of known_models.json.
std::string_view built_in_models();

// Those of these names, in their order and each once; of no names all. Fails on others, with what may be meant.
Result<std::vector<KnownModel>> choose_models(const std::vector<std::string>& names);

std::vector<std::string> names_of(const std::vector<KnownModel>& models);
// Their names; none where the list cannot be read.
std::vector<std::string> known_model_names();

}  // namespace mobilenet::cli
