// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The header of a .safetensors file, its numbers made up: opened, run on a picture, saved, opened again with the same
// answer. The metadata of the project's own files is JSON inside that JSON, and changed as such.

#include <mobilenet/mobilenet.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "fuzz/fuzz.h"
#include "fuzz/json_mutator.h"
#include "graphs/ways.h"
#include "support/choices.h"
#include "support/pictures.h"

using namespace mobilenet;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kMostData = 4 << 20;
constexpr std::int64_t kMostMacs = 30'000'000;
const char* const kMetadata = "__metadata__";

// A metadata entry that is JSON itself, or null.
Json* inner_json(Json& header) {
  if (!header.is_object() || !header.contains(kMetadata) || !header[kMetadata].is_object()) return nullptr;
  for (Json& entry : header[kMetadata])
    if (entry.is_string() && entry.get_ref<const std::string&>().starts_with("{")) return &entry;
  return nullptr;
}

// As many bytes as the header's tensors want: small floats of every sign in any of the float types.
std::size_t data_bytes(std::string_view text) {
  const Json header = Json::parse(text, nullptr, false);
  std::size_t most = 0;
  if (!header.is_object()) return most;
  for (const Json& tensor : header) {
    if (!tensor.is_object() || !tensor.contains("data_offsets")) continue;
    const Json& offsets = tensor["data_offsets"];
    if (offsets.is_array() && offsets.size() == 2 && offsets[1].is_number_unsigned())
      most = std::max(most, offsets[1].get<std::size_t>());
  }
  return most <= kMostData ? most : 0;
}

std::string file_of(std::string_view header) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i));
  file += header;
  testing::Choices numbers(header.size());
  for (std::size_t left = data_bytes(header) / 2; left > 0; --left) {
    // The upper halves of floats of about 2^-6 to 1, or numbers of bfloat16 and float16.
    file += static_cast<char>(numbers.byte());
    file += static_cast<char>(0x3c + numbers.below(4));
  }
  return file;
}

std::vector<testing::OwnedTensor> answer_of(const Model& model) {
  auto session = model.session({.threads = 1});
  if (!fuzz::succeeds(session)) return {};
  const std::vector<testing::OwnedTensor> inputs = testing::inputs_of(model.info(), 3);
  const TensorView view = inputs.at(0).view();
  const auto outputs = session->run({&view, 1});
  return fuzz::succeeds(outputs) ? testing::copies_of(*outputs) : std::vector<testing::OwnedTensor>{};
}

void answer_a_picture(const Model& model) {
  const testing::TestPicture picture(37, 23);
  auto session = model.session({.threads = 1});
  if (!fuzz::succeeds(session)) return;
  fuzz::succeeds(session->classify(picture.view()));
  fuzz::succeeds(session->detect(picture.view()));
  fuzz::succeeds(session->segment(picture.view()));
}

}  // namespace

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::string text(reinterpret_cast<const char*>(data), size);
  Json header = Json::parse(text, nullptr, false);
  Json* inner = header.is_discarded() ? nullptr : inner_json(header);
  if (inner != nullptr && seed % 2 == 0) {
    *inner = fuzz::mutated_json(inner->get<std::string>(), most, seed);
    text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > most) text.resize(most);
  } else {
    text = fuzz::mutated_json(text, most, seed);
  }
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::string file = file_of({reinterpret_cast<const char*>(data), size});
  const fuzz::ExactCopy copy(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
  const auto model = Model::from_memory(copy.bytes(), {}, "fuzzed.safetensors");
  if (!fuzz::succeeds(model) || model->info().macs > kMostMacs) return 0;
  answer_a_picture(*model);
  const auto before = answer_of(*model);
  const auto path = folder.path() / "saved.safetensors";
  if (!fuzz::succeeds(model->save(path, DataType::f32))) return 0;
  const auto saved = Model::open(path);
  if (!saved) fuzz::find("what was saved does not open: " + saved.error().message);
  if (const std::string text = testing::difference(answer_of(*saved), before, {.relative = 1e-5}); !text.empty())
    fuzz::find("what was saved answers otherwise: " + text);
  return 0;
}
