// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/default_model.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

// The first .safetensors of a folder by name, or an empty path.
fs::path first_model(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".safetensors") found.push_back(entry->path());
  }
  const auto first = std::min_element(found.begin(), found.end());
  return first == found.end() ? fs::path() : *first;
}

}  // namespace

bool environment_names_model() {
  const char* const named = std::getenv("MOBILENET_MODEL");
  return named != nullptr && *named != '\0';
}

Result<fs::path> default_model() {
  if (environment_names_model()) return fs::path(std::getenv("MOBILENET_MODEL"));
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  for (const fs::path& folder :
       {(program.parent_path() / "../share/mobilenet/models").lexically_normal(), fs::path(MOBILENET_SOURCE_MODELS)}) {
    if (fs::path model = first_model(folder); !model.empty()) return model;
  }
  return Error{ErrorCode::not_found,
               "no model: none is installed beside the program; name one with --model FILE or $MOBILENET_MODEL"};
}

}  // namespace mobilenet::cli
