// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/json/preprocess_spec_json.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "spec/limits.h"

namespace mobilenet {
namespace {

using json = JsonValue;

template <class T>
using Names = std::pair<std::string_view, T>;

constexpr double kMostMean = 1e6;
constexpr double kLeastDeviation = 1e-9;

constexpr std::array<Names<ResizeMode>, 8> kModes{{{"crop", ResizeMode::crop},
                                                   {"central_crop", ResizeMode::central_crop},
                                                   {"shortest_edge", ResizeMode::shortest_edge},
                                                   {"cover", ResizeMode::cover},
                                                   {"fit", ResizeMode::fit},
                                                   {"squash", ResizeMode::squash},
                                                   {"pad", ResizeMode::pad},
                                                   {"keep", ResizeMode::keep}}};
constexpr std::array<Names<ResizeFilter>, 9> kFilters{
    {{"pil_nearest", ResizeFilter::pil_nearest},
     {"pil_box", ResizeFilter::pil_box},
     {"pil_bilinear", ResizeFilter::pil_bilinear},
     {"pil_hamming", ResizeFilter::pil_hamming},
     {"pil_bicubic", ResizeFilter::pil_bicubic},
     {"pil_lanczos", ResizeFilter::pil_lanczos},
     {"tf_bilinear_legacy", ResizeFilter::tf_bilinear_legacy},
     {"tf_bilinear_corners", ResizeFilter::tf_bilinear_corners},
     {"tf_bilinear_half_pixel", ResizeFilter::tf_bilinear_half_pixel}}};
constexpr std::array<Names<Resampler>, 2> kResamplers{
    {{"pillow", Resampler::pillow}, {"torchvision", Resampler::torchvision}}};
constexpr std::array<Names<CropRounding>, 2> kRoundings{
    {{"down", CropRounding::down}, {"half_even", CropRounding::half_even}}};
constexpr std::array<Names<InputSize>, 2> kInputSizes{
    {{"fixed", InputSize::fixed}, {"of_picture", InputSize::of_picture}}};

// Version 1.
constexpr std::array<Names<ResizeMode>, 5> kOldModes{{{"crop_square", ResizeMode::crop},
                                                      {"central_crop", ResizeMode::central_crop},
                                                      {"shortest_edge_crop", ResizeMode::shortest_edge},
                                                      {"squash", ResizeMode::squash},
                                                      {"pad", ResizeMode::pad}}};
enum class OldEncoding { normalize, raw_u8, raw_i8 };  // the last two meant integer inputs, which no such file has
constexpr std::array<Names<OldEncoding>, 3> kOldEncodings{
    {{"normalize", OldEncoding::normalize}, {"raw_u8", OldEncoding::raw_u8}, {"raw_i8", OldEncoding::raw_i8}}};

// Version 1 had one number for the size of the crop, and whose filter it was followed from mode and rounding.
void old_geometry_from_json(JsonFields& fields, PreprocessSpec& spec) {
  spec.mode = fields.choice("mode", kOldModes);
  spec.rounding = fields.choice("rounding", kRoundings);
  fields.choice("encoding", kOldEncodings);
  spec.crop_fraction = fields.number("crop_fraction", 0.01, 1);
  const int edge = fields.integer("shortest_edge", 0, kMostPixels);
  const int crop = fields.integer("crop_size", 0, kMostPixels);
  if (spec.mode != ResizeMode::shortest_edge) return;
  if (edge < 1 || crop < 1) fields.remember("shortest_edge or crop_size", "0", "at least 1 in mode shortest_edge_crop");
  spec.resize_height = spec.resize_width = edge;
  spec.base_height = spec.base_width = crop;
  if (spec.rounding == CropRounding::down) spec.resampler = Resampler::torchvision;
}

}  // namespace

JsonText geometry_to_json(const PreprocessSpec& spec) {
  JsonText all = JsonText::object({{"mode", name_in(kModes, spec.mode)}});
  if (spec.mode == ResizeMode::crop || spec.mode == ResizeMode::central_crop)
    all.add("crop_fraction", spec.crop_fraction);
  if (spec.resize_height > 0) all.add("resize", JsonText::array({spec.resize_height, spec.resize_width}));
  if (spec.longest_edge > 0) all.add("longest_edge", spec.longest_edge);
  if (spec.base_height > 0) all.add("of_input", JsonText::array({spec.base_height, spec.base_width}));
  all.add("resampler", name_in(kResamplers, spec.resampler));
  all.add("rounding", name_in(kRoundings, spec.rounding));
  all.add("input_size", name_in(kInputSizes, spec.input_size));
  return all;
}

void geometry_from_json(JsonFields& fields, PreprocessSpec& spec) {
  const auto pair = [&](std::string_view key, int& height, int& width) {
    if (!fields.has(key)) return;
    const std::vector<double> sides = fields.numbers(key, 2, 1, kMostPixels);
    height = static_cast<int>(sides[0]);
    width = static_cast<int>(sides[1]);
  };
  const auto choice = [&](std::string_view key, const auto& names, auto fallback) {
    return fields.has(key) ? fields.choice(key, names) : fallback;
  };
  spec.mode = fields.choice("mode", kModes);
  spec.crop_fraction = fields.number("crop_fraction", 0.01, 1, PreprocessSpec{}.crop_fraction);
  pair("resize", spec.resize_height, spec.resize_width);
  pair("of_input", spec.base_height, spec.base_width);
  spec.longest_edge = fields.integer("longest_edge", 0, kMostPixels, 0);
  spec.resampler = choice("resampler", kResamplers, Resampler::pillow);
  spec.rounding = choice("rounding", kRoundings, CropRounding::down);
  spec.input_size = choice("input_size", kInputSizes, InputSize::fixed);
  const bool follows = spec.mode == ResizeMode::shortest_edge || spec.mode == ResizeMode::keep;
  if (spec.input_size == InputSize::of_picture && !follows)
    fields.remember("input_size", "of_picture", "fixed in this mode");
  if (spec.mode == ResizeMode::shortest_edge && spec.resize_height == 0)
    fields.remember("resize", "missing", "a height and a width in mode shortest_edge");
}

JsonText channels_to_json(const std::array<float, 3>& values) {
  if (values[0] == values[1] && values[1] == values[2]) return shortest_decimal(values[0]);
  return JsonText::array({shortest_decimal(values[0]), shortest_decimal(values[1]), shortest_decimal(values[2])});
}

std::array<float, 3> channels_from_json(JsonFields& fields, std::string_view key, double low, double high,
                                        const std::array<float, 3>& fallback) {
  if (!fields.has(key)) return fallback;
  std::vector<double> values(3, low);
  if (fields.is_number(key))
    values.assign(3, fields.number(key, low, high));
  else
    values = fields.numbers(key, 3, low, high);
  return {static_cast<float>(values[0]), static_cast<float>(values[1]), static_cast<float>(values[2])};
}

JsonText preprocess_to_json(const PreprocessSpec& spec) {
  JsonText all = geometry_to_json(spec);
  all.add("filter", name_in(kFilters, spec.filter));
  all.add("swap_red_blue", spec.swap_red_blue);
  all.add("rescale", shortest_decimal(spec.rescale));
  all.add("divide_by_255", spec.divide_by_255);
  all.add("mean", channels_to_json(spec.mean));
  all.add("deviation", channels_to_json(spec.deviation));
  all.add("fill", channels_to_json(spec.fill));
  const UnknownPreprocessing& unknown = spec.unknown;
  if (unknown != UnknownPreprocessing{})
    all.add(
        "unknown",
        JsonText::object({{"geometry", unknown.geometry}, {"filter", unknown.filter}, {"encoding", unknown.encoding}}));
  return all;
}

Result<PreprocessSpec> preprocess_from_json(const json& value, const std::string& place, int version) {
  JsonFields fields(value, place);
  PreprocessSpec spec;
  if (version < 2)
    old_geometry_from_json(fields, spec);
  else
    geometry_from_json(fields, spec);
  spec.filter = fields.choice("filter", kFilters);
  spec.swap_red_blue = fields.boolean("swap_red_blue");
  spec.rescale = static_cast<float>(fields.number("rescale", 1e-9, 1e9));
  spec.divide_by_255 = fields.boolean("divide_by_255");
  for (const char* key : {"mean", "deviation"})
    if (!fields.has(key)) fields.remember(key, "missing", "one number or three");
  spec.mean = channels_from_json(fields, "mean", -kMostMean, kMostMean, spec.mean);
  spec.deviation = channels_from_json(fields, "deviation", kLeastDeviation, kMostMean, spec.deviation);
  spec.fill = channels_from_json(fields, version < 2 ? "pad_byte" : "fill", -kMostMean, kMostMean, spec.fill);
  if (const json* object = fields.object("unknown")) {
    JsonFields unknown(*object, place + ": unknown");
    spec.unknown = {unknown.text("geometry", ""), unknown.text("filter", ""), unknown.text("encoding", "")};
    fields.adopt(unknown.mistake());
  }
  MOBILENET_CHECK(fields.mistake());
  return spec;
}

}  // namespace mobilenet
