// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/model_file.h"

#include <cstring>

#include "base/aligned_buffer.h"
#include "base/error.h"

namespace mobilenet::tflite {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr int kMaxDepth = 32;                // the schema nests 5 deep
constexpr int kMaxTables = 1 << 20;          // a MobileNet has about a thousand
constexpr unsigned kMaxOperators = 1 << 15;  // about a hundred; placing the tensors of this many takes half a second
constexpr std::size_t kFlatBufferAlignment = 16;
constexpr std::uint64_t kFirstOutsideOffset = 2;  // 0 and 1 mean: the bytes are inside the FlatBuffer

template <class Vector>
bool empty(const Vector* vector) {
  return vector == nullptr || vector->size() == 0;
}

}  // namespace

Result<ModelFile> ModelFile::open(const SourceFile& source) {
  ModelFile file;
  file.name_ = source.name;
  file.bytes_ = source.bytes;
  file.owner_ = source.owner;
  const auto bad = [&](const auto&... parts) { return failure(ErrorCode::bad_format, source.name, ": ", parts...); };

  if (source.bytes.size() < 8 || std::memcmp(source.bytes.data() + 4, schema::ModelIdentifier(), 4) != 0)
    return bad("not a TensorFlow Lite file (no TFL3 mark)");
  if (source.bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE)
    return failure(ErrorCode::unsupported, source.name, ": a TensorFlow Lite file of 2 GiB or more is not supported");
  // FlatBuffers reads numbers in place; a file that was read is aligned, memory of somebody else may not be.
  if (reinterpret_cast<std::uintptr_t>(source.bytes.data()) % kFlatBufferAlignment != 0) {
    auto copy = std::make_shared<AlignedBuffer>(source.bytes.size());
    std::memcpy(copy->data(), source.bytes.data(), source.bytes.size());
    file.bytes_ = {copy->data(), copy->size()};
    file.owner_ = std::move(copy);
  }

  const auto* data = reinterpret_cast<const std::uint8_t*>(file.bytes_.data());
  flatbuffers::Verifier verifier(data, file.bytes_.size(), kMaxDepth, kMaxTables);
  if (!schema::VerifyModelBuffer(verifier)) return bad("damaged or truncated TensorFlow Lite file");
  file.model_ = schema::GetModel(data);

  const schema::Model& model = *file.model_;
  if (model.version() != kVersion)
    return failure(ErrorCode::unsupported, source.name, ": TensorFlow Lite schema version ", model.version(),
                   ", expected ", kVersion);
  if (empty(model.subgraphs())) return bad("no graph inside");
  const schema::SubGraph& graph = file.graph();
  if (empty(graph.tensors()) || empty(graph.operators()) || empty(graph.inputs()) || empty(graph.outputs()))
    return bad("the graph has no tensors, operators, inputs or outputs");
  if (graph.operators()->size() > kMaxOperators)
    return failure(ErrorCode::unsupported, source.name, ": a graph of ", graph.operators()->size(),
                   " operators; at most ", kMaxOperators, " are supported");
  return file;
}

std::string_view ModelFile::tensor_name(int index) const {
  const flatbuffers::String* name = tensor(index).name();
  return name ? std::string_view(name->c_str(), name->size()) : std::string_view();
}

Result<std::span<const std::byte>> ModelFile::buffer(std::uint32_t index) const {
  const auto* buffers = model_->buffers();
  if (buffers == nullptr || index >= buffers->size())
    return failure(ErrorCode::bad_format, "buffer ", index, " does not exist, the file has ",
                   buffers ? buffers->size() : 0);
  const schema::Buffer& buffer = *buffers->Get(index);
  if (buffer.offset() >= kFirstOutsideOffset) {
    if (buffer.offset() > bytes_.size() || buffer.size() > bytes_.size() - buffer.offset())
      return failure(ErrorCode::bad_format, "buffer ", index, " (", buffer.size(), " bytes at ", buffer.offset(),
                     ") lies outside the file of ", bytes_.size(), " bytes");
    return bytes_.subspan(static_cast<std::size_t>(buffer.offset()), static_cast<std::size_t>(buffer.size()));
  }
  if (buffer.data() == nullptr) return std::span<const std::byte>();
  return std::as_bytes(std::span(buffer.data()->data(), buffer.data()->size()));
}

Result<std::span<const std::byte>> ModelFile::metadata(std::string_view name) const {
  if (model_->metadata() != nullptr)
    for (const schema::Metadata* entry : *model_->metadata())
      if (entry->name() != nullptr && entry->name()->string_view() == name) return buffer(entry->buffer());
  return std::span<const std::byte>();
}

}  // namespace mobilenet::tflite
