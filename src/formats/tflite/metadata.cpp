// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/metadata.h"

#include <array>
#include <cmath>
#include <cstring>

#include "base/aligned_buffer.h"
#include "formats/tflite/metadata_generated.h"

namespace mobilenet::tflite {
namespace {

constexpr int kMaxDepth = 32;
constexpr int kMaxTables = 1 << 16;
constexpr std::size_t kMaxMetadataBytes = std::size_t{16} << 20;

std::optional<PixelEncoding> normalization_of(const schema::TensorMetadata& input) {
  if (input.process_units() == nullptr) return std::nullopt;
  for (const schema::ProcessUnit* unit : *input.process_units()) {
    const auto* stored = unit->options_as_NormalizationOptions();
    if (stored == nullptr || stored->mean() == nullptr || stored->std() == nullptr) continue;
    PixelEncoding normalization;
    const unsigned means = stored->mean()->size();
    const unsigned deviations = stored->std()->size();
    if ((means != 1 && means != 3) || (deviations != 1 && deviations != 3)) continue;
    bool usable = true;
    for (unsigned i = 0; i < 3; ++i) {
      normalization.mean[i] = stored->mean()->Get(means == 1 ? 0 : i);
      normalization.deviation[i] = stored->std()->Get(deviations == 1 ? 0 : i);
      usable = usable && std::isfinite(normalization.mean[i]) && std::isfinite(normalization.deviation[i]) &&
               normalization.deviation[i] > 0;
    }
    if (usable) return normalization;
  }
  return std::nullopt;
}

// The model's own labels 0, English ones 1, other translations 2.
int translation_of(const schema::AssociatedFile& file) {
  if (file.locale() == nullptr || file.locale()->size() == 0) return 0;
  return file.locale()->string_view().starts_with("en") ? 1 : 2;
}

using LabelFiles = std::array<std::vector<std::string>, 3>;  // by translation_of

void add_files(const schema::TensorMetadata& tensor, LabelFiles& labels, ModelMetadata& metadata) {
  if (tensor.associated_files() == nullptr) return;
  for (const schema::AssociatedFile* file : *tensor.associated_files()) {
    if (file->name() == nullptr) continue;
    const std::string name = file->name()->str();
    switch (file->type()) {
      case schema::AssociatedFileType::TENSOR_AXIS_LABELS:
      case schema::AssociatedFileType::TENSOR_VALUE_LABELS:
        labels[static_cast<std::size_t>(translation_of(*file))].push_back(name);
        break;
      case schema::AssociatedFileType::TENSOR_AXIS_SCORE_CALIBRATION:
        metadata.calibration_file = name;
        metadata.other_files.push_back(name);
        break;
      case schema::AssociatedFileType::DESCRIPTIONS:
      case schema::AssociatedFileType::VOCABULARY:
      case schema::AssociatedFileType::SCANN_INDEX_FILE:
        metadata.other_files.push_back(name);
        break;
      case schema::AssociatedFileType::UNKNOWN:
        break;
    }
  }
}

}  // namespace

std::optional<ModelMetadata> parse_metadata(std::span<const std::byte> bytes) {
  if (bytes.size() < 8 || bytes.size() > kMaxMetadataBytes ||
      std::memcmp(bytes.data() + 4, schema::ModelMetadataIdentifier(), 4) != 0)
    return std::nullopt;
  AlignedBuffer aligned(bytes.size());  // FlatBuffers reads numbers in place; inside the model they lie anywhere
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  flatbuffers::Verifier verifier(aligned.as<std::uint8_t>(), aligned.size(), kMaxDepth, kMaxTables);
  if (!schema::VerifyModelMetadataBuffer(verifier)) return std::nullopt;

  ModelMetadata metadata;
  const auto* graphs = schema::GetModelMetadata(aligned.data())->subgraph_metadata();
  if (graphs == nullptr || graphs->size() == 0) return metadata;
  const auto* inputs = graphs->Get(0)->input_tensor_metadata();
  const auto* outputs = graphs->Get(0)->output_tensor_metadata();
  if (inputs != nullptr && inputs->size() > 0) metadata.normalization = normalization_of(*inputs->Get(0));
  // Detectors hang their labels on any of four outputs, and in any order.
  LabelFiles labels;
  if (outputs != nullptr)
    for (const schema::TensorMetadata* tensor : *outputs) add_files(*tensor, labels, metadata);
  for (std::vector<std::string>& files : labels)
    metadata.label_files.insert(metadata.label_files.end(), files.begin(), files.end());
  return metadata;
}

}  // namespace mobilenet::tflite
