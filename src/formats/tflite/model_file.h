// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The bytes of a .tflite file behind the FlatBuffers verifier: nothing is read before all offsets are known to be
// good. What a verifier cannot know (indices, sizes of constants) is checked here, each time it is followed.

#include <mobilenet/result.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "formats/formats.h"
#include "formats/tflite/tflite_generated.h"

namespace mobilenet::tflite {

class ModelFile {
 public:
  // Fails on anything but well-formed graphs of version 3, of which the first is the model.
  static Result<ModelFile> open(const SourceFile& source);

  const std::string& name() const { return name_; }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::shared_ptr<const void> owner() const { return owner_; }

  const schema::Model& model() const { return *model_; }
  const schema::SubGraph& graph() const { return *model_->subgraphs()->Get(0); }
  int tensor_count() const { return static_cast<int>(graph().tensors()->size()); }
  // index < tensor_count()
  const schema::Tensor& tensor(int index) const { return *graph().tensors()->Get(static_cast<unsigned>(index)); }
  // Empty where the file gives none.
  std::string_view tensor_name(int index) const;

  // The bytes of buffer `index`, inside the file; empty: it has none.
  Result<std::span<const std::byte>> buffer(std::uint32_t index) const;
  // The bytes of the metadata entry of that name; empty: there is none.
  Result<std::span<const std::byte>> metadata(std::string_view name) const;

 private:
  std::string name_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  const schema::Model* model_ = nullptr;
};

// The kind that a file's operators of this code are of.
inline schema::BuiltinOperator builtin_code(const schema::OperatorCode& code) {
  return static_cast<schema::BuiltinOperator>(
      std::max<std::int32_t>(code.deprecated_builtin_code(), static_cast<std::int32_t>(code.builtin_code())));
}

}  // namespace mobilenet::tflite
