// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Model: the weights, the network and all that was decided about them. Immutable and cheap to copy; copies share the
// weights. Any number of threads and sessions may use one Model at the same time. One that was moved from may only be
// destroyed or assigned to.

#include <mobilenet/decision.h>
#include <mobilenet/export.h>
#include <mobilenet/preprocess.h>
#include <mobilenet/result.h>
#include <mobilenet/session.h>
#include <mobilenet/task.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet {

class NetworkBuilder;
struct ModelState;

struct ModelOptions {
  // Names of the classes, instead of those that the model comes with: at most one of the two. The background row of a
  // classifier that has one may be left out.
  std::vector<std::string> labels = {};    // one per class
  std::filesystem::path labels_file = {};  // a text file with one class per line
  // A description in JSON (docs/formats.md); empty: NAME.mobilenet.json beside the model, where there is one.
  std::filesystem::path description = {};
  PreprocessOptions preprocess = {};  // what is set replaces what the file says or what was guessed
};

struct TensorInfo {
  std::string name;
  DataType type = DataType::f32;
  std::vector<std::int64_t> shape;  // with a batch axis of 1; in the layout of the source framework
};

struct LayerInfo {
  std::string name;                 // "block3/expand"
  std::vector<std::int64_t> shape;  // of its output at the default input size, in the layout of the source framework
  std::int64_t channels = 0;        // of its output, in any layout
};

struct ModelInfo {
  std::string source;        // path, or what stands for it
  std::string format;        // "tflite", "safetensors (timm)", ...
  std::string architecture;  // "mobilenet_v2", ...; "graph" where it is none of ours
  Task task = Task::features;
  double depth_multiplier = 0;  // 0: unknown
  int input_height = 0;
  int input_width = 0;
  bool any_input_size = false;  // sessions may ask for another; false: the size is part of the network
  int classes = 0;              // of the answers, background included where it is one; 0 for feature extractors
  bool has_background = false;
  bool quantized = false;       // computed in exact integers
  std::int64_t macs = 0;        // of one picture at the default input size
  std::int64_t parameters = 0;  // folded weights and biases
  std::string preprocess;       // one sentence
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::vector<LayerInfo> layers;    // names that Session's `layers` option accepts
  std::vector<std::string> labels;  // one per class row, empty when unknown
  std::vector<Decision> decisions;
};

// An architecture that Model::random knows.
struct KnownArchitecture {
  std::string_view name;   // "ssdlite_mobilenet_v2"
  std::string_view title;  // "SSDLite on MobileNet V2"
  int input_size = 0;      // as published
};
MOBILENET_API std::span<const KnownArchitecture> known_architectures();

// A format that Model::open reads. The ending is only a custom: a file is recognised by its content.
struct KnownFormat {
  std::string_view name;    // "tflite"
  std::string_view ending;  // ".tflite"
};
MOBILENET_API std::span<const KnownFormat> known_formats();

class MOBILENET_API Model {
 public:
  // Opens a .tflite or .safetensors file; a description, config.json, preprocessor_config.json and labels.txt beside it
  // are used. The index of a model in several files, or any of them, opens all.
  // The file is read into memory, so what happens to it afterwards does not matter; pipes are read to their end.
  static Result<Model> open(const std::filesystem::path& path, const ModelOptions& options = {});
  // As open, from memory: the bytes are copied. `name` stands for the file in messages.
  static Result<Model> from_memory(std::span<const std::byte> file, const ModelOptions& options = {},
                                   std::string_view name = "memory");
  // The same without the copy: `owner`, which the model and its sessions keep, holds the bytes (a mapping, a string of
  // the caller), which must not change. Bytes that do not begin at a multiple of 16 are copied after all.
  static Result<Model> from_memory(std::span<const std::byte> file, std::shared_ptr<const void> owner,
                                   const ModelOptions& options = {}, std::string_view name = "memory");
  // An architecture with random weights, for tests and benchmarks: "mobilenet_v2:1.0:224" or "mobilenet_v1:0.25:128",
  // optionally followed by ":CLASSES".
  static Result<Model> random(std::string_view architecture, const ModelOptions& options = {});

  const ModelInfo& info() const;

  // Everything about the preprocessing, the labels and the scores as a JSON text that ModelOptions::description takes,
  // to be kept beside the model's file, of any format.
  Result<std::string> description() const;

  // The same network with another classifier, softmax(weight * pool + bias), in place of its own or behind its
  // features: weight [classes][channels of layer "pool"], bias [classes], labels one per class or none. All are copied;
  // it can be saved. Only for classifiers and feature extractors of weights alone; NetworkBuilder puts heads on others.
  Result<Model> with_classifier(std::span<const float> weight, std::span<const float> bias,
                                std::vector<std::string> labels = {}) const;

  // Memory and command stream for one caller. Sessions keep the weights alive; the Model itself may go.
  Result<Session> session(const SessionOptions& options = {}) const;

  // Writes the project's own .safetensors (weights and everything decided about them). Only for weights-only models.
  Result<void> save(const std::filesystem::path& path, DataType weights = DataType::f16) const;

 private:
  friend class NetworkBuilder;
  friend class Session;
  explicit Model(std::shared_ptr<const ModelState> state) : state_(std::move(state)) {}
  std::shared_ptr<const ModelState> state_;
};

}  // namespace mobilenet
