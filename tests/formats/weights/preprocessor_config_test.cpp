// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// preprocessor_config.json of Hugging Face and pretrained_cfg of timm: every mode, and what is left open.

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "formats/formats.h"
#include "formats/safetensors/safetensors_file.h"
#include "formats/weights/framework_weights.h"
#include "models/registry.h"

namespace mobilenet::testing {
namespace {

struct ConfigCase {
  const char* name;
  const char* text;
  int height, width;
  PreprocessSpec expected;
};

constexpr std::array<float, 3> kHalf{127.5f, 127.5f, 127.5f};

// What MobileNet's processor does unless the file says otherwise.
PreprocessSpec hugging_face() {
  PreprocessSpec spec;
  spec.mode = ResizeMode::shortest_edge;
  spec.resampler = Resampler::torchvision;
  spec.resize_height = spec.resize_width = 256;
  spec.base_height = spec.base_width = 224;
  spec.rescale = 1;
  spec.mean = spec.deviation = kHalf;
  return spec;
}

PreprocessSpec timm_v2() {
  PreprocessSpec spec = hugging_face();
  spec.filter = ResizeFilter::pil_bicubic;
  spec.resampler = Resampler::pillow;
  spec.rounding = CropRounding::half_even;
  spec.rescale = PreprocessSpec{}.rescale;
  spec.divide_by_255 = true;
  spec.mean = {0.485f, 0.456f, 0.406f};
  spec.deviation = {0.229f, 0.224f, 0.225f};
  return spec;
}

template <class Change>
PreprocessSpec changed(PreprocessSpec spec, Change change) {
  change(spec);
  return spec;
}

PreprocessSpec sized(PreprocessSpec spec, ResizeMode mode, int height, int width, int base_height, int base_width) {
  spec.mode = mode;
  spec.resize_height = height;
  spec.resize_width = width;
  spec.base_height = base_height;
  spec.base_width = base_width;
  return spec;
}

PreprocessSpec follows_picture(PreprocessSpec spec) {
  spec.input_size = InputSize::of_picture;
  return spec;
}

const ConfigCase kHuggingFaceCases[] = {
    {"nothing", "{}", 224, 224, hugging_face()},
    {"numbers for sizes, as feature extractors wrote them", R"({"feature_extractor_type": "MobileNetV2FeatureExtractor",
      "size": 160, "crop_size": 128})",
     128, 128, sized(hugging_face(), ResizeMode::shortest_edge, 160, 160, 128, 128)},
    {"a crop that is no square", R"({"size": {"shortest_edge": 64}, "crop_size": {"height": 48, "width": 64}})", 48, 64,
     sized(hugging_face(), ResizeMode::shortest_edge, 64, 64, 48, 64)},
    {"no crop: the picture's proportions", R"({"size": {"shortest_edge": 64}, "do_center_crop": false})", 64, 64,
     follows_picture(sized(hugging_face(), ResizeMode::shortest_edge, 64, 64, 64, 64))},
    {"squashed", R"({"size": {"height": 96, "width": 128}, "do_center_crop": false})", 96, 128,
     sized(hugging_face(), ResizeMode::squash, 96, 128, 96, 128)},
    {"squashed, then cropped", R"({"size": [96, 128], "crop_size": [80, 90]})", 80, 90,
     sized(hugging_face(), ResizeMode::squash, 96, 128, 80, 90)},
    {"a limit on the longer side", R"({"size": {"shortest_edge": 256, "longest_edge": 300}})", 224, 224,
     changed(hugging_face(), [](PreprocessSpec& spec) { spec.longest_edge = 300; })},
    {"no resizing", R"({"do_resize": false})", 224, 224, sized(hugging_face(), ResizeMode::keep, 0, 0, 0, 0)},
    {"no resizing and no crop", R"({"do_resize": false, "do_center_crop": false})", 224, 224,
     follows_picture(sized(hugging_face(), ResizeMode::keep, 0, 0, 0, 0))},
    {"nearest", R"({"resample": 0})", 224, 224,
     changed(hugging_face(), [](PreprocessSpec& spec) { spec.filter = ResizeFilter::pil_nearest; })},
    {"Lanczos", R"({"resample": 1})", 224, 224,
     changed(hugging_face(), [](PreprocessSpec& spec) { spec.filter = ResizeFilter::pil_lanczos; })},
    {"bicubic", R"({"resample": 3})", 224, 224,
     changed(hugging_face(), [](PreprocessSpec& spec) { spec.filter = ResizeFilter::pil_bicubic; })},
    {"box, which only Pillow has", R"({"resample": 4})", 224, 224,
     changed(hugging_face(),
             [](PreprocessSpec& spec) {
               spec.filter = ResizeFilter::pil_box;
               spec.resampler = Resampler::pillow;
             })},
    {"Hamming, which only Pillow has", R"({"resample": 5})", 224, 224,
     changed(hugging_face(),
             [](PreprocessSpec& spec) {
               spec.filter = ResizeFilter::pil_hamming;
               spec.resampler = Resampler::pillow;
             })},
    {"no rescaling", R"({"do_rescale": false, "image_mean": 10, "image_std": [1, 2, 4]})", 224, 224,
     changed(hugging_face(),
             [](PreprocessSpec& spec) {
               spec.mean = {10, 10, 10};
               spec.deviation = {1, 2, 4};
             })},
    {"no normalisation", R"({"do_normalize": false, "rescale_factor": 0.5})", 224, 224,
     changed(hugging_face(),
             [](PreprocessSpec& spec) {
               spec.rescale = 0.5f;
               spec.mean = {0, 0, 0};
               spec.deviation = {1, 1, 1};
             })},
    {"neither", R"({"do_normalize": false, "do_rescale": false})", 224, 224,
     changed(hugging_face(),
             [](PreprocessSpec& spec) {
               spec.mean = {0, 0, 0};
               spec.deviation = {1, 1, 1};
             })},
    {"another factor", R"({"rescale_factor": 0.0078125, "image_mean": [1, 1, 1], "image_std": [1, 1, 1]})", 224, 224,
     changed(hugging_face(),
             [](PreprocessSpec& spec) {
               spec.mean = spec.deviation = {128, 128, 128};
             })},
    {"a processor without the key does not flip", R"({"do_flip_channel_order": true})", 224, 224, hugging_face()},
    {"MobileViT's processor flips and does not normalise", R"({"image_processor_type": "MobileViTImageProcessor",
      "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}})",
     224, 224,
     changed(hugging_face(),
             [](PreprocessSpec& spec) {
               spec.swap_red_blue = true;
               spec.rescale = PreprocessSpec{}.rescale;
               spec.mean = {0, 0, 0};
               spec.deviation = {1, 1, 1};
             })},
    {"ViT's processor squashes", R"({"image_processor_type": "ViTImageProcessorFast", "size": 192})", 192, 192,
     sized(hugging_face(), ResizeMode::squash, 192, 192, 192, 192)},
    {"DeepLab's published processor", R"({"crop_size": {"height": 513, "width": 513}, "do_center_crop": true,
      "do_normalize": true, "do_reduce_labels": false, "image_processor_type": "MobileNetV2ImageProcessor",
      "size": {"shortest_edge": 545}})",
     513, 513, sized(hugging_face(), ResizeMode::shortest_edge, 545, 545, 513, 513)},
};

const ConfigCase kTimmCases[] = {
    {"nothing", "{}", 224, 224, timm_v2()},
    {"another size and crop", R"({"input_size": [3, 192, 192], "crop_pct": 0.95, "interpolation": "bilinear"})", 192,
     192,
     changed(sized(timm_v2(), ResizeMode::shortest_edge, 202, 202, 192, 192),
             [](PreprocessSpec& spec) {
               spec.filter = ResizeFilter::pil_bilinear;
               spec.crop_fraction = 0.95;
             })},
    {"squashed beyond the crop", R"({"input_size": [3, 64, 64], "crop_mode": "squash"})", 64, 64,
     sized(timm_v2(), ResizeMode::squash, 73, 73, 64, 64)},
    {"bars of the mean", R"({"crop_mode": "border", "crop_pct": 1.0})", 224, 224,
     changed(sized(timm_v2(), ResizeMode::fit, 224, 224, 224, 224),
             [](PreprocessSpec& spec) {
               spec.crop_fraction = 1;
               spec.fill = {124, 116, 104};
             })},
    {"no square", R"({"input_size": [3, 64, 96]})", 64, 96, sized(timm_v2(), ResizeMode::cover, 73, 109, 64, 96)},
    {"nearest", R"({"interpolation": "nearest"})", 224, 224,
     changed(timm_v2(), [](PreprocessSpec& spec) { spec.filter = ResizeFilter::pil_nearest; })},
    {"Lanczos", R"({"interpolation": "lanczos"})", 224, 224,
     changed(timm_v2(), [](PreprocessSpec& spec) { spec.filter = ResizeFilter::pil_lanczos; })},
    {"box", R"({"interpolation": "box"})", 224, 224,
     changed(timm_v2(), [](PreprocessSpec& spec) { spec.filter = ResizeFilter::pil_box; })},
    {"Hamming", R"({"interpolation": "hamming"})", 224, 224,
     changed(timm_v2(), [](PreprocessSpec& spec) { spec.filter = ResizeFilter::pil_hamming; })},
    {"one mean for all, and what means the usual", R"({"mean": [0.5], "std": 0.25, "crop_pct": 0, "interpolation": "",
      "crop_mode": null})",
     224, 224,
     changed(timm_v2(),
             [](PreprocessSpec& spec) {
               spec.mean = {0.5f, 0.5f, 0.5f};
               spec.deviation = {0.25f, 0.25f, 0.25f};
             })},
};

void check(const ConfigCase& c, const char* file, const std::string& text, const std::string& weights) {
  SCOPED_TRACE(c.name);
  const TemporaryFolder folder;
  folder.write(file, text);
  const auto model = load_model(folder.file(weights));
  ASSERT_TRUE(model) << model.error().message;
  const PreprocessSpec &got = model->spec.preprocess, &expected = c.expected;
  EXPECT_EQ(model->spec.input_height, c.height);
  EXPECT_EQ(model->spec.input_width, c.width);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_FLOAT_EQ(got.mean[i], expected.mean[i]);
    EXPECT_FLOAT_EQ(got.deviation[i], expected.deviation[i]);
  }
  PreprocessSpec rest = got;  // of which every field must be equal
  rest.mean = expected.mean;
  rest.deviation = expected.deviation;
  EXPECT_EQ(rest, expected);
}

TEST(PreprocessorConfig, OfHuggingFace) {
  const std::string weights = hugging_face_v2(published_spec(Architecture::mobilenet_v2, 0.35, 224, 2), "").bytes();
  for (const ConfigCase& c : kHuggingFaceCases) check(c, "preprocessor_config.json", c.text, weights);
}

TEST(PreprocessorConfig, OfTimm) {
  const std::string weights =
      timm(published_spec(Architecture::mobilenet_v2, 0.35, 224, 2), {1, 2, 3, 4, 3, 3, 1}).bytes();
  for (const ConfigCase& c : kTimmCases) {
    check(c, "config.json", std::string(R"({"architecture": "mobilenetv2_035", "pretrained_cfg": )") + c.text + "}",
          weights);
    check(c, "config.json", c.text, weights);
  }
}

// What cannot be followed leaves the model usable, with the reason.
TEST(PreprocessorConfig, WhatIsLeftOpen) {
  struct Case {
    const char* name;
    const char* file;
    const char* text;
    UnknownPreprocessing unknown;
  };
  const char *hugging_face_file = "preprocessor_config.json", *timm_file = "config.json";
  const std::string another =
      "preprocessor_config.json is for \"ConvNextImageProcessor\", whose rules are not known here";
  const Case cases[] = {
      {"another processor",
       hugging_face_file,
       R"({"image_processor_type": "ConvNextImageProcessor"})",
       {another, "", another}},
      {"another processor that says how bytes become numbers",
       hugging_face_file,
       R"({"image_processor_type": "ConvNextImageProcessor", "image_mean": [0, 0, 0], "image_std": [1, 1, 1]})",
       {another, "", ""}},
      {"a filter of the future",
       hugging_face_file,
       R"({"resample": 6})",
       {"", "preprocessor_config.json has resample 6, which is no filter of Pillow", ""}},
      {"only the longest edge",
       hugging_face_file,
       R"({"size": {"longest_edge": 224}})",
       {"preprocessor_config.json has a size with neither shortest_edge nor height and width", "", ""}},
      {"a crop by its edge",
       hugging_face_file,
       R"({"crop_size": {"shortest_edge": 224}})",
       {"preprocessor_config.json has a crop_size without height and width", "", ""}},
      {"padding",
       hugging_face_file,
       R"({"do_pad": true})",
       {"preprocessor_config.json pads pictures (do_pad)", "", ""}},
      {"a filter by chance",
       timm_file,
       R"({"interpolation": "random"})",
       {"", "config.json has interpolation \"random\"", ""}},
      {"a crop of the future",
       timm_file,
       R"({"crop_mode": "spiral"})",
       {"config.json has crop_mode \"spiral\"", "", ""}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const TemporaryFolder folder;
    folder.write(c.file, c.text);
    const ModelSpec spec = published_spec(Architecture::mobilenet_v2, 0.35, 224, 2);
    const std::string weights =
        c.file == timm_file ? timm(spec, {1, 2, 3, 4, 3, 3, 1}).bytes() : hugging_face_v2(spec, "").bytes();
    const auto model = load_model(folder.file(weights));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->spec.preprocess.unknown, c.unknown);
    bool said = false;
    for (const Decision& decision : model->decisions) said = said || decision.what == "preprocessing is unknown";
    EXPECT_TRUE(said);
  }
}

}  // namespace
}  // namespace mobilenet::testing
