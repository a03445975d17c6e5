// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a Model holds: the loaded file, what was decided, and the weights each backend has packed from it so far.

#include <mobilenet/model.h>

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "backend/backend.h"
#include "formats/formats.h"
#include "spec/input_encoding.h"

namespace mobilenet {

// LoadedModel::format of what a NetworkBuilder made.
inline constexpr std::string_view kBuiltFormat = "built";

struct ModelState {
  LoadedModel loaded;
  ModelInfo info;

  // Packed once per backend and precision, shared by all sessions.
  Result<std::shared_ptr<const Weights>> weights(const Backend& backend, Precision precision) const;
  // Compiled once per weights and request, shared by all sessions; what was not asked for lately is forgotten.
  Result<std::shared_ptr<const Program>> program(const Backend& backend, std::shared_ptr<const Weights> weights,
                                                 const CompileRequest& request) const;

  // Reads the file again, for another size of an input that it leaves free.
  using ReadAgain = std::function<Result<std::shared_ptr<const ModelState>>(int height, int width)>;
  // The model for another size of its free input: read once, and kept while others are not asked for more often.
  Result<std::shared_ptr<const ModelState>> at_size(int height, int width) const;

  // Fills `info` from `loaded`; fails when the network cannot be computed at its own input size.
  static Result<std::shared_ptr<const ModelState>> make(LoadedModel loaded, std::string source,
                                                        const ModelOptions& options, ReadAgain read_again = {});

 private:
  struct PackedWeights {
    std::mutex mutex;  // held while they are packed
    std::shared_ptr<const Weights> weights;
  };
  struct CompiledProgram {
    CompiledProgram(std::shared_ptr<const Weights> from, CompileRequest wanted)
        : weights(std::move(from)), request(std::move(wanted)) {}
    const std::shared_ptr<const Weights> weights;
    const CompileRequest request;  // without the executor, which ends before the entry does
    std::mutex mutex;              // held while it is compiled on the library's threads
    std::shared_ptr<const Program> program;
  };

  ReadAgain read_again_;
  mutable std::mutex sizes_mutex_;                              // held while a file is read again
  mutable std::list<std::shared_ptr<const ModelState>> sizes_;  // the last used in front
  mutable std::mutex mutex_;                                    // of the two below
  mutable std::map<std::pair<const Backend*, Precision>, PackedWeights> weights_;
  mutable std::list<std::shared_ptr<CompiledProgram>> programs_;  // the last used in front
};

// Whether the network's input is one picture, in colour or grey, which sessions can make from any picture.
bool takes_pictures(const Network& network);

// Of the network's first input.
InputElements input_elements(const Network& network);

// The shape of input `index` for a batch, at height x width where these are free. `batch` is a multiple of the
// network's own (stored_batch).
Shape input_shape(const Network& network, std::size_t index, std::int64_t batch, int height, int width);

// Axes as the source framework orders them: NHWC maps become NCHW where the file's framework says so.
std::vector<std::int64_t> framework_shape(const Shape& shape, SourceLayout layout);

}  // namespace mobilenet
