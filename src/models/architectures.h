// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The published MobileNets as tables: channels at depth multiplier 1, blocks and strides of each stage, and how the
// multiplier changes channels. Readers compare files with them; nothing requires a file to match in channels.

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "spec/model_spec.h"

namespace mobilenet {

// Blocks of one width; the first has the stride, the rest have stride 1.
struct Stage {
  int outputs;
  int blocks;
  int stride;
};

inline constexpr int kStemChannels = 32;
inline constexpr int kLastChannels = 1280;  // V2
inline constexpr int kExpansion = 6;        // V2, every block but the first
inline constexpr std::array<Stage, 5> kMobileNetV1Stages{
    {{64, 1, 1}, {128, 2, 2}, {256, 2, 2}, {512, 6, 2}, {1024, 2, 2}}};
inline constexpr std::array<Stage, 7> kMobileNetV2Stages{
    {{16, 1, 1}, {24, 2, 2}, {32, 3, 2}, {64, 4, 2}, {96, 3, 1}, {160, 3, 2}, {320, 1, 1}}};

// mobilenet_v1 or mobilenet_v2; graph for Architecture::graph.
Architecture backbone_of(Architecture architecture);
bool is_detector(Architecture architecture);
bool is_segmenter(Architecture architecture);
// As spec_from_name and ModelInfo know it: "ssdlite_mobilenet_v2".
std::string_view name_of(Architecture architecture);

// Of the backbone; empty for Architecture::graph.
std::span<const Stage> stages_of(Architecture architecture);

// V1: cut to an integer, at least 8.
int scale_channels(int channels, double depth_multiplier);
// V2 and timm: to the nearest multiple of 8, at least 8, one step up where that would lose more than a tenth.
int scale_channels_to_8(int channels, double depth_multiplier);

// Strides past `output_stride` (8, 16 or 32) become dilations of the blocks after them.
void limit_output_stride(std::vector<BlockSpec>& blocks, int output_stride);

}  // namespace mobilenet
