// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Which reader a file belongs to, by its first bytes; for files that no reader takes, what they are and what to do.

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "formats/formats.h"
#include "formats/safetensors/container.h"

namespace mobilenet {
namespace {

constexpr std::size_t kTfliteMagicOffset = 4;
constexpr std::string_view kTfliteMagic = "TFL3";

constexpr std::string_view kUsePytorch =
    "load it in PyTorch and save its state_dict with safetensors.torch.save_file, under Hugging Face's or timm's names";
constexpr std::string_view kUseTensorflow = "convert it with TensorFlow's tf.lite.TFLiteConverter to a .tflite file";
constexpr std::string_view kUseOther =
    "use the .tflite file of the same network, or its .safetensors from Hugging Face or timm";

struct Foreign {
  std::string_view what;
  std::string_view advice;
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
    {0, "\x1f\x8b"sv, {"a gzip archive", "unpack it and open the .tflite or .safetensors file inside"}},
    {257, "ustar"sv, {"a tar archive", "unpack it and open the .tflite or .safetensors file inside"}},
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
constexpr std::array<Extension, 10> kExtensions{{
    {".onnx", {"an ONNX file", kUseOther}},
    {".pb", {"a TensorFlow graph", kUseTensorflow}},
    {".caffemodel", {"a Caffe model", kUseOther}},
    {".bin", {"a .bin file of unknown content", kUseOther}},
    {".pth", {"a PyTorch file", kUsePytorch}},
    {".pt", {"a PyTorch file", kUsePytorch}},
    {".h5", {"a damaged Keras file", kUseTensorflow}},
    {".keras", {"a damaged Keras file", kUseTensorflow}},
    {".tflite", {"a damaged .tflite file: it does not begin like one", "download it again"}},
    {".safetensors", {"a damaged .safetensors file: it does not begin like one", "download it again"}},
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
  return {"a zip archive", "unpack it and open the .tflite or .safetensors file inside"};
}

Foreign identify(const SourceFile& file) {
  const std::string_view text = text_of(file.bytes);
  if (has_at(text, 0, "PK\x03\x04")) return zip_contents(text);
  if (has_at(text, 0, "\x80") && text.substr(0, 64).find(kPickledMagic) != std::string_view::npos)
    return {"a PyTorch file", kUsePytorch};
  for (const Signature& signature : kSignatures)
    if (has_at(text, signature.offset, signature.bytes)) return signature.foreign;
  std::string extension = std::filesystem::path(file.name).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const Extension& known : kExtensions)
    if (known.extension == extension) return known.foreign;
  return {"not a weights file that is known", "open a .tflite or .safetensors file"};
}

}  // namespace

Result<LoadedModel> load_model(const SourceFile& file) {
  const std::string_view text = text_of(file.bytes);
  if (text.empty()) return failure(ErrorCode::bad_format, file.name, ": is empty");
  if (has_at(text, kTfliteMagicOffset, kTfliteMagic)) return load_tflite(file);
  if (looks_like_safetensors(file.bytes)) return load_safetensors(file);
  const Foreign foreign = identify(file);
  return failure(ErrorCode::unsupported, file.name, ": is ", foreign.what, "; ", foreign.advice);
}

}  // namespace mobilenet
