// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The project's own files: canonical names, and everything else as JSON in the metadata.

#include "base/error.h"
#include "formats/json/model_spec_json.h"
#include "formats/weights/convention.h"

namespace mobilenet {
namespace {

constexpr std::string_view kName = "mobilenet.cpp";

Result<std::optional<Recognition>> recognise(const NamedTensors& file) {
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kName) return std::optional<Recognition>();
  return std::optional(Recognition());
}

std::optional<std::string> canonical_name(const Recognition&, std::string_view name) { return std::string(name); }

Result<WeightsReading> read(const NamedTensors& file, NamedWeights&, const std::filesystem::path&) {
  const auto text = file.metadata.find("model_spec");
  if (text == file.metadata.end())
    return failure(ErrorCode::bad_format, "says that it is mobilenet.cpp's own, but its metadata has no model_spec");
  WeightsReading reading;
  MOBILENET_TRY(reading.spec, model_spec_from_json(text->second));
  reading.decisions.push_back({"everything but the weights", "stored in the file by mobilenet.cpp"});
  return reading;
}

}  // namespace

const Convention kOwnConvention{kName, recognise, canonical_name, read};

}  // namespace mobilenet
