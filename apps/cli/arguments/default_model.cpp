// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/default_model.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>

namespace mobilenet::cli {
namespace {

namespace fs = std::filesystem;

struct BundledModel {
  Task task;
  std::string_view file;
};
constexpr std::array<BundledModel, 3> kBundledModels = {{{Task::classify, "mobilenet_v2_202.safetensors"},
                                                         {Task::detect, "ssdlite_mobilenet_v2_6.safetensors"},
                                                         {Task::segment, "deeplab_v3plus_mobilenet_v2_7.safetensors"}}};

}  // namespace

std::string environment_model() {
  const char* const named = std::getenv("MOBILENET_MODEL");
  return named == nullptr ? "" : named;
}

Result<fs::path> bundled_model(Task task) {
  const auto bundled = std::find_if(kBundledModels.begin(), kBundledModels.end(),
                                    [&](const BundledModel& model) { return model.task == task; });
  if (bundled == kBundledModels.end())
    return Error{ErrorCode::not_found, "no model to " + std::string(name_of(task)) + " is bundled"};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  for (const fs::path& folder :
       {(program.parent_path() / "../share/mobilenet/models").lexically_normal(), fs::path(MOBILENET_SOURCE_MODELS)}) {
    if (fs::path model = folder / bundled->file; fs::exists(model, error)) return model;
  }
  return Error{ErrorCode::not_found, "no model: " + std::string(bundled->file) +
                                         " is not installed beside the program; name one with --model FILE or "
                                         "$MOBILENET_MODEL"};
}

}  // namespace mobilenet::cli
