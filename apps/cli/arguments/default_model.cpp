// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/default_model.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "cli/models/model_cache.h"

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
  return bundled_file(bundled->file);
}

}  // namespace mobilenet::cli
