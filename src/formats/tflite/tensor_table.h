// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The tensors of a .tflite graph, taken into a Network one by one as operators name them: type, shape, quantisation
// and, for constants, the bytes are checked on the way. A tensor that no operator uses is never looked at.

#include <mobilenet/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/tflite/model_file.h"
#include "network/network.h"

namespace mobilenet::tflite {

struct Spread;  // operator_reader.h

// Indices are those of the file, 0 <= index < ModelFile::tensor_count(); ids are those of the Network.
class TensorTable {
 public:
  // All three outlive the table.
  TensorTable(const ModelFile& file, Network& network, Parameters& parameters);

  // A new activation: an input of the graph, or what an operator makes. Fails when it exists already.
  Result<TensorId> define(int index);
  // The same for one that may be of any type of numbers, bytes without a scale among them: what CAST and ARG_MAX make,
  // and what only moves such numbers.
  Result<TensorId> define_numbers(int index);
  // An activation that the reader makes between two nodes.
  Result<TensorId> make_activation(Tensor tensor);
  // An activation that an earlier operator has made.
  Result<TensorId> activation(int index) const;

  bool is_constant(int index) const;
  // A constant that an operator reads as weights.
  Result<TensorId> constant(int index, WeightLayout layout);
  // A constant vector of at most Shape::kMaxRank * 2 integers that is part of an operator's options.
  Result<std::vector<std::int64_t>> integers(int index) const;
  // A float32 constant made by the reader.
  Result<TensorId> make_constant(std::string name, std::vector<float> values);

  // `index` is the constant `source` as f32, which is of half precision or quantised: whoever reads it gets `source`.
  Result<void> set_alias(int index, int source);
  // `index` holds numbers that the graph computes from the extents of tensors, known while it is read, or else unknown;
  // nothing computes them when it runs.
  Result<void> set_extents(int index, std::optional<std::vector<double>> numbers);
  bool is_extents(int index) const { return entry(index).state == State::extents; }
  bool is_unknown(int index) const { return is_extents(index) && !entry(index).numbers; }
  // Those of known extents, or of a small constant of integers or floats.
  std::optional<std::vector<double>> numbers(int index) const;
  // The shape that the file gives for a tensor whose new shape is unknown. Fails where the input's size is free, for
  // then it says nothing.
  Result<Shape> stored_result(int index) const;
  void leave_size_free() { free_size_ = true; }

  // `index` would be made by a decoder that is left out of the network; the decoder's own inputs are read instead.
  // All outputs of one decoder share the list of its inputs.
  using DecoderInputs = std::shared_ptr<const std::vector<int>>;
  Result<void> set_left_out(int index, DecoderInputs inputs);
  // Null for anything else.
  const DecoderInputs& left_out_inputs(int index) const { return entry(index).decoder_inputs; }

  // `index` is spread over a batch; a convolution may replace what is known of it by itself, for its own output.
  Result<void> set_spread(int index, std::shared_ptr<const Spread> spread);
  // Null for anything else.
  const std::shared_ptr<const Spread>& spread(int index) const { return entry(index).spread; }

  const Tensor& tensor(TensorId id) const { return network_.tensor(id); }
  // Of a constant.
  const Parameter& parameter(TensorId id) const { return parameters_.of(tensor(id)); }
  // The shape that the file gives for a tensor, whatever its kind; of an alias, its source's.
  Result<Shape> shape(int index) const;
  // The type of its numbers as they are stored.
  std::optional<DataType> type(int index) const;
  // Of a tensor of bytes that has exactly one.
  std::optional<float> scale(int index) const;

  // Fails when the network would hold more names, scales and lists than the file has bytes: the file repeats itself.
  Result<void> charge(std::size_t bytes);

 private:
  enum class State { unseen, activation, constant, alias, extents, left_out, spread };
  struct Entry {
    State state = State::unseen;
    TensorId id = kNoTensor;
    int source = -1;               // of an alias
    DecoderInputs decoder_inputs;  // of what is left out
    std::shared_ptr<const Spread> spread;
    std::optional<std::vector<double>> numbers;  // of extents
  };

  Entry& entry(int index) { return entries_[static_cast<std::size_t>(index)]; }
  const Entry& entry(int index) const { return entries_[static_cast<std::size_t>(index)]; }
  int resolve(int index) const;
  // Whether its numbers lie in halves of bytes: as a constant it becomes one of i8.
  bool is_packed(int index) const;
  Result<std::span<const std::byte>> unpacked(int index, const Shape& shape);
  Result<TensorId> define_any(int index);
  Result<void> must_be_new(int index) const;
  Result<Tensor> read(int index) const;
  Result<std::span<const std::byte>> constant_bytes(int index, DataType type, const Shape& shape) const;

  const ModelFile& file_;
  Network& network_;
  Parameters& parameters_;
  std::vector<Entry> entries_;
  bool free_size_ = false;
  std::size_t charged_bytes_ = 0;
  std::size_t made_bytes_ = 0;  // of constants that are not the file's own bytes
};

}  // namespace mobilenet::tflite
