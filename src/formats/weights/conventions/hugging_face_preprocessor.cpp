// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Hugging Face's preprocessor_config.json. Missing keys have the defaults of the processor that wrote the file; what a
// processor would refuse, or what belongs to one that is not known here, is left open and said when it is needed.

#include "formats/weights/conventions/hugging_face_preprocessor.h"

#include <array>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "formats/json/json_beside.h"
#include "json/json_fields.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

using json = JsonValue;

constexpr std::string_view kFile = "preprocessor_config.json";
// The margin between the resized shorter side and the crop that all published preprocessors have: 256 for 224.
constexpr int kResizeMargin = 32;

// By Pillow's numbers.
constexpr std::array<ResizeFilter, 6> kFilters{ResizeFilter::pil_nearest,  ResizeFilter::pil_lanczos,
                                               ResizeFilter::pil_bilinear, ResizeFilter::pil_bicubic,
                                               ResizeFilter::pil_box,      ResizeFilter::pil_hamming};
constexpr int kBilinear = 2, kBicubic = 3;

struct Size {
  int height = 0, width = 0;
  int shortest_edge = 0, longest_edge = 0;  // instead of the two; the longest alone means nothing to a processor
};

// A processor's attributes where the file does not give them.
struct Processor {
  std::string_view name;  // without what follows: ImageProcessor, ImageProcessorFast, FeatureExtractor
  Size size;
  bool number_is_square;  // "size": 224 means both sides rather than the shorter
  bool center_crop;
  int crop;
  int resample;
  bool normalize;
  std::array<float, 3> mean, deviation;
  bool flips;  // has do_flip_channel_order, and it is true
};

constexpr std::array<float, 3> kHalf{0.5f, 0.5f, 0.5f};
constexpr std::array<float, 3> kImageNetMean{0.485f, 0.456f, 0.406f}, kImageNetDeviation{0.229f, 0.224f, 0.225f};
constexpr std::array<float, 3> kClipMean{0.48145466f, 0.4578275f, 0.40821073f};
constexpr std::array<float, 3> kClipDeviation{0.26862954f, 0.26130258f, 0.27577711f};

// The first is what a file without a processor's name means.
constexpr std::array<Processor, 7> kProcessors{
    {{"MobileNetV1", {.shortest_edge = 256}, false, true, 224, kBilinear, true, kHalf, kHalf, false},
     {"MobileNetV2", {.shortest_edge = 256}, false, true, 224, kBilinear, true, kHalf, kHalf, false},
     {"MobileViT", {.shortest_edge = 224}, false, true, 256, kBilinear, false, kHalf, kHalf, true},
     {"ViT", {224, 224}, true, false, 224, kBilinear, true, kHalf, kHalf, false},
     {"Segformer", {512, 512}, true, false, 224, kBilinear, true, kImageNetMean, kImageNetDeviation, false},
     {"Bit", {.shortest_edge = 224}, false, true, 224, kBicubic, true, kClipMean, kClipDeviation, false},
     {"CLIP", {.shortest_edge = 224}, false, true, 224, kBicubic, true, kClipMean, kClipDeviation, false}}};

const Processor* processor_of(const std::string& type) {
  if (type.empty()) return &kProcessors.front();
  for (const Processor& processor : kProcessors)
    for (const char* ending : {"ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"})
      if (type == std::string(processor.name) + ending) return &processor;
  return nullptr;
}

// 256, [224, 224], {"shortest_edge": 256, "longest_edge": 512} or {"height": 224, "width": 224}.
Size size_from(JsonFields& fields, const json& file, const char* key, bool number_is_square, const Size& otherwise) {
  if (!fields.has(key)) return otherwise;
  Size size;
  if (fields.is_number(key)) {
    const int side = fields.integer(key, 1, kMostPixels);
    if (number_is_square)
      size.height = size.width = side;
    else
      size.shortest_edge = side;
  } else if (file.find(key)->is_array()) {
    const std::vector<double> sides = fields.numbers(key, 2, 1, kMostPixels);
    size.height = static_cast<int>(sides[0]);
    size.width = static_cast<int>(sides[1]);
  } else if (const json* object = fields.object(key)) {
    JsonFields inner(*object, std::string(kFile) + ": " + key);
    size.shortest_edge = inner.integer("shortest_edge", 1, kMostPixels, 0);
    size.longest_edge = inner.integer("longest_edge", 1, 1 << 20, 0);
    size.height = inner.integer("height", 1, kMostPixels, 0);
    size.width = inner.integer("width", 1, kMostPixels, 0);
    fields.adopt(inner.mistake());
  }
  return size;
}

std::array<float, 3> channels_from(JsonFields& fields, std::string_view key, double least,
                                   const std::array<float, 3>& otherwise) {
  constexpr double kMost = 1e6;
  if (!fields.has(key)) return otherwise;
  std::vector<double> values(3, least);
  if (fields.is_number(key))
    values.assign(3, fields.number(key, least, kMost));
  else
    values = fields.numbers(key, 3, least, kMost, values);
  return {static_cast<float>(values[0]), static_cast<float>(values[1]), static_cast<float>(values[2])};
}

// How bytes become numbers. transformers folds the rescaling into the normalisation: (byte - mean / rescale) /
// (deviation / rescale), in float32; the spec says the same.
void read_normalization(JsonFields& fields, const Processor& processor, PreprocessSpec& preprocess) {
  const double factor = fields.number("rescale_factor", 1e-9, 1e9, 1.0 / 255);
  const bool rescale = fields.boolean("do_rescale", true);
  const bool normalize = fields.boolean("do_normalize", processor.normalize);
  preprocess.mean = channels_from(fields, "image_mean", -1e6, processor.mean);
  preprocess.deviation = channels_from(fields, "image_std", 1e-9, processor.deviation);
  preprocess.rescale = 1;
  if (!normalize) {
    preprocess.rescale = rescale ? static_cast<float>(factor) : 1.0f;
    preprocess.mean = {0, 0, 0};
    preprocess.deviation = {1, 1, 1};
  } else if (rescale) {
    for (float& value : preprocess.mean) value *= static_cast<float>(1 / factor);
    for (float& value : preprocess.deviation) value *= static_cast<float>(1 / factor);
  }
}

void read_filter(JsonFields& fields, const Processor& processor, PreprocessSpec& preprocess) {
  const int resample = fields.integer("resample", -(1 << 30), 1 << 30, processor.resample);
  if (resample < 0 || resample >= static_cast<int>(kFilters.size())) {
    preprocess.unknown.filter = text(kFile, " has resample ", resample, ", which is no filter of Pillow");
    return;
  }
  preprocess.filter = kFilters[static_cast<std::size_t>(resample)];
  // Processors resize tensors with torchvision; what that has not, Pillow does.
  const bool only_pillow = preprocess.filter == ResizeFilter::pil_box || preprocess.filter == ResizeFilter::pil_hamming;
  preprocess.resampler = only_pillow ? Resampler::pillow : Resampler::torchvision;
}

// Resize and crop. The input's size stays what it was where nothing says it.
void read_geometry(JsonFields& fields, const json& file, const Processor& processor, ModelSpec& spec) {
  const bool square = fields.boolean("default_to_square", processor.number_is_square);
  const Size size = size_from(fields, file, "size", square, processor.size);
  const Size crop = size_from(fields, file, "crop_size", true, {processor.crop, processor.crop});
  const bool resizes = fields.boolean("do_resize", true);
  const bool crops = fields.boolean("do_center_crop", processor.center_crop);
  PreprocessSpec& preprocess = spec.preprocess;
  preprocess.rounding = CropRounding::down;
  std::string& unknown = preprocess.unknown.geometry;
  if (fields.boolean("do_pad", false)) unknown = text(kFile, " pads pictures (do_pad)");
  if (crops && (crop.height == 0 || crop.width == 0))
    unknown = text(kFile, " has a crop_size without height and width");
  const bool by_edge = size.shortest_edge > 0;
  if (resizes && !by_edge && (size.height == 0 || size.width == 0))
    unknown = text(kFile, " has a size with neither shortest_edge nor height and width");
  if (!unknown.empty()) return;
  if (!resizes) {
    preprocess.mode = ResizeMode::keep;
  } else if (by_edge) {
    preprocess.mode = ResizeMode::shortest_edge;
    preprocess.resize_height = preprocess.resize_width = size.shortest_edge;
    preprocess.longest_edge = size.longest_edge;
  } else {
    preprocess.mode = ResizeMode::squash;
    preprocess.resize_height = size.height;
    preprocess.resize_width = size.width;
  }
  if (crops) {
    spec.input_height = crop.height;
    spec.input_width = crop.width;
  } else if (preprocess.mode == ResizeMode::squash) {
    spec.input_height = size.height;
    spec.input_width = size.width;
  } else {
    preprocess.input_size = InputSize::of_picture;
    if (resizes) spec.input_height = spec.input_width = size.shortest_edge;
  }
  if (resizes) {
    preprocess.base_height = spec.input_height;
    preprocess.base_width = spec.input_width;
  }
}

// The order of colours. MobileNet's processors have no such key, and do not look at it.
void read_channel_order(JsonFields& fields, const Processor& processor, ModelSpec& spec,
                        std::vector<Decision>& decisions) {
  const bool flip = fields.boolean("do_flip_channel_order", processor.flips);
  if (processor.flips)
    spec.preprocess.swap_red_blue = flip;
  else if (flip)
    decisions.push_back({"do_flip_channel_order is not followed",
                         text("the processor that ", kFile, " names does not know it: colours stay RGB")});
}

// Of a processor that is not known here: what its keys name means the same everywhere, where pictures are cut does not.
void read_unknown_processor(JsonFields& fields, const std::string& type, PreprocessSpec& preprocess) {
  const std::string because = text(kFile, " is for ", describe(type), ", whose rules are not known here");
  preprocess.unknown.geometry = because;
  const bool normalizes = fields.boolean("do_normalize", true);
  const bool says_all = !normalizes || (fields.has("image_mean") && fields.has("image_std"));
  if (fields.boolean("rescale_offset", false) || !says_all) preprocess.unknown.encoding = because;
  read_normalization(fields, kProcessors.front(), preprocess);
  read_filter(fields, kProcessors.front(), preprocess);
}

}  // namespace

Result<void> read_hugging_face_preprocessor(const std::filesystem::path& model, int image_size, ModelSpec& spec,
                                            std::vector<Decision>& decisions) {
  MOBILENET_TRY(auto found, json_beside(model, std::string(kFile)));
  const bool says = found.has_value();
  if (!found) {
    MOBILENET_TRY(found, parse_json(text(R"({"size": {"shortest_edge": )", image_size + kResizeMargin,
                                         R"(}, "crop_size": )", image_size, "}")));
  }
  spec.input_height = spec.input_width = image_size;
  JsonFields fields(*found, std::string(says ? kFile : "Hugging Face's defaults"));
  const std::string type = fields.text("image_processor_type", fields.text("feature_extractor_type", ""));
  MOBILENET_CHECK(fields.mistake());
  const Processor* processor = processor_of(type);
  if (processor == nullptr) {
    read_unknown_processor(fields, type, spec.preprocess);
    decisions.push_back({"preprocessing is unknown", spec.preprocess.unknown.geometry});
    return fields.mistake();
  }
  read_normalization(fields, *processor, spec.preprocess);
  read_filter(fields, *processor, spec.preprocess);
  read_geometry(fields, *found, *processor, spec);
  read_channel_order(fields, *processor, spec, decisions);
  MOBILENET_CHECK(fields.mistake());
  const UnknownPreprocessing& unknown = spec.preprocess.unknown;
  if (says)
    decisions.push_back({"preprocessing", "as preprocessor_config.json beside the file says"});
  else
    decisions.push_back({"preprocessing",
                         "Hugging Face's defaults for MobileNet: shorter side to the input size + 32, centre crop, "
                         "mean and deviation 0.5, because there is no preprocessor_config.json beside the file"});
  for (const std::string& because : {unknown.geometry, unknown.filter})
    if (!because.empty()) decisions.push_back({"preprocessing is unknown", because});
  return {};
}

}  // namespace mobilenet
