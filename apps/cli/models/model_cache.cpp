// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/models/model_cache.h"

#include <cstdlib>
#include <system_error>

#include "cli/output/table.h"

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

// Empty: not set, or set to nothing.
fs::path environment_path(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<fs::path> cache_folder() {
  if (const fs::path named = environment_path("MOBILENET_CACHE"); !named.empty()) return named;
  // A path that is not absolute is to be ignored, says the specification of XDG's folders.
  if (const fs::path caches = environment_path("XDG_CACHE_HOME"); caches.is_absolute()) return caches / "mobilenet";
  if (const fs::path home = environment_path("HOME"); !home.empty()) return home / ".cache" / "mobilenet";
  return Error{ErrorCode::not_found,
               "there is no folder for fetched models: set MOBILENET_CACHE, XDG_CACHE_HOME or HOME"};
}

Result<fs::path> bundled_file(std::string_view file) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  for (const fs::path& folder :
       {(program.parent_path() / "../share/mobilenet/models").lexically_normal(), fs::path(MOBILENET_SOURCE_MODELS)}) {
    if (fs::path model = folder / file; fs::exists(model, error)) return model;
  }
  return Error{ErrorCode::not_found, "no model: " + std::string(file) +
                                         " is not installed beside the program; name one with --model FILE or "
                                         "$MOBILENET_MODEL"};
}

Result<fs::path> place_of(const KnownModel& model) {
  if (model.bundled) return bundled_file(model.file);
  auto folder = cache_folder();
  if (!folder) return folder;
  return *folder / model.file;
}

bool is_in_place(const KnownModel& model) {
  const auto place = place_of(model);
  std::error_code error;
  return place && fs::file_size(*place, error) == model.bytes && !error;
}

Result<fs::path> known_model_file(const KnownModel& model) {
  auto place = place_of(model);
  if (!place || is_in_place(model)) return place;
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(*place, error);
  const std::string fetches = "`mobilenet get " + model.name + "` fetches it (" + size_and_licence(model) + ")";
  if (error) return Error{ErrorCode::not_found, model.name + " is not fetched yet: " + fetches};
  return Error{ErrorCode::bad_format, place->string() + " has " + std::to_string(bytes) + " bytes, and " + model.name +
                                          " " + std::to_string(model.bytes) + ": " + fetches};
}

std::string size_and_licence(const KnownModel& model) { return bytes_text(model.bytes) + ", licence " + model.licence; }

}  // namespace mobilenet::cli
