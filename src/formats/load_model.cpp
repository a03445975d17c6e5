// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Which reader a file belongs to, by its first bytes; for files that no reader takes, what they are and what to do.

#include <mobilenet/model.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/letter_case.h"
#include "base/text.h"
#include "formats/formats.h"
#include "formats/safetensors/load_safetensors.h"
#include "formats/tflite/load_tflite.h"

namespace mobilenet {
namespace {

constexpr std::array<FormatReader, 2> kReaders{{
    {"tflite", ".tflite", takes_tflite, load_tflite},
    {"safetensors", ".safetensors", takes_safetensors, load_safetensors},
}};

constexpr auto kKnown = [] {
  std::array<KnownFormat, kReaders.size()> known{};
  for (std::size_t i = 0; i < known.size(); ++i) known[i] = {kReaders[i].name, kReaders[i].ending};
  return known;
}();

constexpr std::string_view kUsePytorch =
    "load it in PyTorch and save its state_dict with safetensors.torch.save_file, under Hugging Face's or timm's names";
constexpr std::string_view kUseTensorflow = "convert it with TensorFlow's tf.lite.TFLiteConverter to a .tflite file";
constexpr std::string_view kUseOther =
    "use the .tflite file of the same network, or its .safetensors from Hugging Face or timm";

// "the .tflite or .safetensors file"
std::string one_of_ours(std::string_view article) {
  std::string endings;
  for (const FormatReader& reader : kReaders)
    endings += text(endings.empty() ? "" : &reader == &kReaders.back() ? " or " : ", ", reader.ending);
  return text(article, " ", endings, " file");
}

struct Foreign {
  std::string_view what;
  std::string_view advice;  // empty: to unpack it
};

// By content, at a fixed place.
struct Signature {
  std::size_t offset;
  std::string_view bytes;
  Foreign foreign;
};

using namespace std::string_view_literals;
constexpr std::array<Signature, 11> kSignatures{{
    {0, "\x89HDF\r\n\x1a\n"sv, {"a Keras or other HDF5 file", kUseTensorflow}},
    {0, "GGUF"sv, {"a GGUF file", kUseOther}},
    {0,
     "version https://git-lfs"sv,
     {"a Git LFS pointer, not the weights themselves", "fetch the file that it stands for with git lfs pull"}},
    {0, "<!DOCTYPE"sv, {"a web page", "download the file itself instead of the page about it"}},
    {0, "<!doctype"sv, {"a web page", "download the file itself instead of the page about it"}},
    {0, "<html"sv, {"a web page", "download the file itself instead of the page about it"}},
    {0, "\x1f\x8b"sv, {"a gzip archive", {}}},
    {257, "ustar"sv, {"a tar archive", {}}},
    {0, "7767517\n"sv, {"an ncnn network description", kUseOther}},
    {0, "\x93NUMPY"sv, {"a NumPy array", kUseOther}},
    {0, "{"sv, {"JSON text", "open the weights file beside it"}},
}};

// Pickled state dicts without a zip around them begin with a protocol byte and PyTorch's magic number.
constexpr std::string_view kPickledMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;

// By name, where the content has no mark of its own.
struct Extension {
  std::string_view extension;
  Foreign foreign;
};
constexpr std::array<Extension, 8> kExtensions{{
    {".onnx", {"an ONNX file", kUseOther}},
    {".pb", {"a TensorFlow graph", kUseTensorflow}},
    {".caffemodel", {"a Caffe model", kUseOther}},
    {".bin", {"a .bin file of unknown content", kUseOther}},
    {".pth", {"a PyTorch file", kUsePytorch}},
    {".pt", {"a PyTorch file", kUsePytorch}},
    {".h5", {"a damaged Keras file", kUseTensorflow}},
    {".keras", {"a damaged Keras file", kUseTensorflow}},
}};

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool has_at(std::string_view text, std::size_t offset, std::string_view expected) {
  return text.size() >= offset && text.substr(offset).starts_with(expected);
}

// A zip archive tells by the names of its files, which stand uncompressed before the contents.
Foreign zip_contents(std::string_view text) {
  constexpr std::size_t kEnough = std::size_t{1} << 20;
  const std::string_view beginning = text.substr(0, kEnough);
  const std::string_view end = text.substr(text.size() - std::min(text.size(), kEnough));
  const auto lists = [&](std::string_view name) {
    return beginning.find(name) != std::string_view::npos || end.find(name) != std::string_view::npos;
  };
  if (lists("data.pkl")) return {"a PyTorch file", kUsePytorch};
  if (lists("model.weights.h5")) return {"a Keras file", kUseTensorflow};
  if (lists("saved_model.pb")) return {"an archive of a TensorFlow SavedModel", kUseTensorflow};
  return {"a zip archive", {}};
}

Error foreign(const SourceFile& file, const Foreign& known) {
  if (known.advice.empty())
    return failure(ErrorCode::unsupported, file.name, ": is ", known.what, "; unpack it and open ", one_of_ours("the"),
                   " inside");
  return failure(ErrorCode::unsupported, file.name, ": is ", known.what, "; ", known.advice);
}

// What a file is that no reader takes, and what to do.
Error unreadable(const SourceFile& file) {
  const std::string_view text = text_of(file.bytes);
  if (has_at(text, 0, "PK\x03\x04")) return foreign(file, zip_contents(text));
  if (has_at(text, 0, "\x80") && text.substr(0, 64).find(kPickledMagic) != std::string_view::npos)
    return foreign(file, {"a PyTorch file", kUsePytorch});
  for (const Signature& signature : kSignatures)
    if (has_at(text, signature.offset, signature.bytes)) return foreign(file, signature.foreign);
  const std::string extension = lower_case(std::filesystem::path(file.name).extension().string());
  for (const Extension& known : kExtensions)
    if (known.extension == extension) return foreign(file, known.foreign);
  for (const FormatReader& reader : kReaders)
    if (reader.ending == extension)
      return failure(ErrorCode::unsupported, file.name, ": is a damaged ", extension,
                     " file: it does not begin like one; download it again");
  return failure(ErrorCode::unsupported, file.name, ": is not a weights file that is known; open ", one_of_ours("a"));
}

}  // namespace

std::span<const KnownFormat> known_formats() { return kKnown; }

Result<LoadedModel> load_model(const SourceFile& file) {
  if (file.bytes.empty()) return failure(ErrorCode::bad_format, file.name, ": is empty");
  for (const FormatReader& reader : kReaders)
    if (reader.takes(file)) {
      MOBILENET_TRY(LoadedModel model, reader.load(file));
      if (model.path.empty()) model.path = file.path;
      return model;
    }
  return unreadable(file);
}

}  // namespace mobilenet
