// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Readers: a file's bytes become a ModelSpec, a Network and Parameters that view those bytes. Every offset, size and
// count of a file is checked before use; a message names the file, the layer and the shapes.

#include <mobilenet/decision.h>
#include <mobilenet/result.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/models.h"
#include "network/model_graph.h"
#include "spec/detection_spec.h"
#include "spec/model_spec.h"

namespace mobilenet {

struct SourceFile {
  std::string name;            // for messages: the path, or what stands for it
  std::filesystem::path path;  // empty when from memory: then nothing is looked for beside it
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  // keeps bytes alive; goes into Parameters::owners
  // Of the input, where the file leaves its height and width free; 0: the file's own example.
  int input_height = 0, input_width = 0;
};

// Which input sizes a model can have.
enum class InputSizes {
  any,      // whatever a session asks for: networks of bare weights
  own,      // the network's: graph files
  example,  // a graph file that leaves it free, read for one size; the file has an example, which is usual
  unsaid,   // the same without an example, so that a session must say one
};

struct LoadedModel {
  std::filesystem::path path;  // files beside the model are named after it: that of the file, or of its shards as one
  std::string format;          // "tflite"; of bare weights whose names they have, too: "safetensors (timm)"
  ModelSpec spec;
  WeightIndex weights;             // canonical names of weights-only files; empty for graph files
  std::vector<AnchorBox> anchors;  // of detectors
  std::vector<Decision> decisions;
  InputSizes sizes = InputSizes::any;
  std::shared_ptr<const ModelGraph> graph;

  const Network& network() const { return graph->network; }
  const Parameters& parameters() const { return graph->parameters; }
};

// Recognises the format by its content, not by its name.
Result<LoadedModel> load_model(const SourceFile& file);

// A format, as a row of the table in load_model.cpp; known_formats() lists them.
struct FormatReader {
  std::string_view name;
  std::string_view ending;
  bool (*takes)(const SourceFile& file);
  Result<LoadedModel> (*load)(const SourceFile& file);
};

}  // namespace mobilenet
