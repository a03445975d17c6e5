// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/framework_weights.h"

namespace mobilenet::testing {
namespace {

void hugging_face_layer(SafetensorsText& text, const std::string& module, const std::vector<int>& weight) {
  text.tensor(module + ".convolution.weight", weight);
  for (const char* part : {"weight", "bias", "running_mean", "running_var"})
    text.tensor(module + ".normalization." + part, {weight[0]});
  text.tensor(module + ".normalization.num_batches_tracked", {}, "I64", 8);
}

}  // namespace

SafetensorsText hugging_face_v2(const ModelSpec& spec, const std::string& prefix, const std::string& dtype) {
  SafetensorsText text;
  const auto layer = [&](const std::string& name, int outputs, int inputs, int kernel) {
    hugging_face_layer(text, prefix + name, {outputs, inputs, kernel, kernel});
  };
  layer("conv_stem.first_conv", spec.stem, 3, 3);
  for (std::size_t i = 0; i < spec.blocks.size(); ++i) {
    const BlockSpec& block = spec.blocks[i];
    const std::string module = i == 0 ? "conv_stem." : "layer." + std::to_string(i - 1) + ".";
    if (block.expand) layer(module + "expand_1x1", block.hidden, block.inputs, 1);
    layer(module + "conv_3x3", block.hidden, 1, 3);
    layer(module + "reduce_1x1", block.outputs, block.hidden, 1);
  }
  layer("conv_1x1", spec.last, spec.blocks.back().outputs, 1);
  if (spec.classes > 0) {
    text.tensor("classifier.weight", {spec.classes, spec.last}, dtype, dtype == "F32" ? 4 : 2);
    text.tensor("classifier.bias", {spec.classes});
  }
  return text;
}

namespace {

void timm_norm(SafetensorsText& text, const std::string& module, int channels) {
  for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) text.tensor(module + part, {channels});
  text.tensor(module + ".num_batches_tracked", {}, "I64", 8);
}

}  // namespace

SafetensorsText timm(const ModelSpec& spec, const std::vector<int>& stages) {
  SafetensorsText text;
  text.tensor("conv_stem.weight", {spec.stem, 3, 3, 3});
  timm_norm(text, "bn1", spec.stem);
  std::size_t number = 0;
  for (std::size_t s = 0; s < stages.size(); ++s)
    for (int i = 0; i < stages[s]; ++i) {
      const BlockSpec& block = spec.blocks[number++];
      const std::string module = "blocks." + std::to_string(s) + "." + std::to_string(i) + ".";
      if (block.expand) {
        text.tensor(module + "conv_pw.weight", {block.hidden, block.inputs, 1, 1});
        timm_norm(text, module + "bn1", block.hidden);
        text.tensor(module + "conv_dw.weight", {block.hidden, 1, 3, 3});
        timm_norm(text, module + "bn2", block.hidden);
        text.tensor(module + "conv_pwl.weight", {block.outputs, block.hidden, 1, 1});
        timm_norm(text, module + "bn3", block.outputs);
      } else {
        text.tensor(module + "conv_dw.weight", {block.hidden, 1, 3, 3});
        timm_norm(text, module + "bn1", block.hidden);
        text.tensor(module + "conv_pw.weight", {block.outputs, block.hidden, 1, 1});
        timm_norm(text, module + "bn2", block.outputs);
      }
    }
  const int channels = spec.last > 0 ? spec.last : spec.blocks.back().outputs;
  if (spec.last > 0) {
    text.tensor("conv_head.weight", {spec.last, spec.blocks.back().outputs, 1, 1});
    timm_norm(text, "bn2", spec.last);
  }
  if (spec.classes > 0)
    text.tensor("classifier.weight", {spec.classes, channels}).tensor("classifier.bias", {spec.classes});
  return text;
}

}  // namespace mobilenet::testing
