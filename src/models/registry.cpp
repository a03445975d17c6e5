// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "models/registry.h"

#include <mobilenet/model.h>

#include <array>

namespace mobilenet {
namespace {

constexpr std::array<Stage, 5> kStagesV1{{{64, 1, 1}, {128, 2, 2}, {256, 2, 2}, {512, 6, 2}, {1024, 2, 2}}};
constexpr std::array<Stage, 7> kStagesV2{
    {{16, 1, 1, 1}, {24, 2, 2, 6}, {32, 3, 2, 6}, {64, 4, 2, 6}, {96, 3, 1, 6}, {160, 3, 2, 6}, {320, 1, 1, 6}}};

constexpr Backbone kMobileNetV1{.architecture = Architecture::mobilenet_v1,
                                .blocks = BlockKind::separable,
                                .rounding = ChannelRounding::down,
                                .stem = 32,
                                .stages = kStagesV1,
                                .last = 0};
constexpr Backbone kMobileNetV2{.architecture = Architecture::mobilenet_v2,
                                .blocks = BlockKind::inverted_residual,
                                .rounding = ChannelRounding::nearest_8,
                                .stem = 32,
                                .stages = kStagesV2,
                                .last = 1280};

// The atrous branches of DeepLabv3+ at output stride 16.
constexpr std::array<int, 3> kRates{6, 12, 18};

// In the order of the enumerators. Heads are as TensorFlow publishes them: a detector's first feature map is the last
// one at a sixteenth of the input.
constexpr std::array<ArchitectureRow, 8> kRows{{
    {.architecture = Architecture::graph, .name = "graph", .title = "graph"},
    {.architecture = Architecture::mobilenet_v1,
     .name = "mobilenet_v1",
     .title = "MobileNet V1",
     .backbone = &kMobileNetV1,
     .head = Head::classifier,
     .input_size = 224,
     .classes = 1001},
    {.architecture = Architecture::mobilenet_v2,
     .name = "mobilenet_v2",
     .title = "MobileNet V2",
     .backbone = &kMobileNetV2,
     .head = Head::classifier,
     .input_size = 224,
     .classes = 1001},
    {.architecture = Architecture::ssd_mobilenet_v1,
     .name = "ssd_mobilenet_v1",
     .title = "SSD on MobileNet V1",
     .backbone = &kMobileNetV1,
     .head = Head::detector,
     .input_size = 300,
     .classes = 90,
     .tap = 11,
     .predictor = PredictorKind::pointwise},
    {.architecture = Architecture::ssd_mobilenet_v2,
     .name = "ssd_mobilenet_v2",
     .title = "SSD on MobileNet V2",
     .backbone = &kMobileNetV2,
     .head = Head::detector,
     .input_size = 300,
     .classes = 90,
     .tap = 14,
     .predictor = PredictorKind::dense,
     .separable_extras = true},
    {.architecture = Architecture::ssdlite_mobilenet_v2,
     .name = "ssdlite_mobilenet_v2",
     .title = "SSDLite on MobileNet V2",
     .backbone = &kMobileNetV2,
     .head = Head::detector,
     .input_size = 320,
     .classes = 90,
     .tap = 14,
     .predictor = PredictorKind::separable,
     .separable_extras = true},
    {.architecture = Architecture::deeplab_mobilenet_v2,
     .name = "deeplab_mobilenet_v2",
     .title = "DeepLabv3 on MobileNet V2",
     .backbone = &kMobileNetV2,
     .head = Head::segmenter,
     .input_size = 513,
     .classes = 21},
    {.architecture = Architecture::deeplab_v3plus_mobilenet_v2,
     .name = "deeplab_v3plus_mobilenet_v2",
     .title = "DeepLabv3+ on MobileNet V2",
     .backbone = &kMobileNetV2,
     .head = Head::segmenter,
     .input_size = 513,
     .classes = 21,
     .rates = kRates,
     .low_level = 3},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].architecture) != i) return false;
  return true;
}
static_assert(in_order(), "a row is found by its architecture's number");

constexpr auto kKnown = [] {
  std::array<KnownArchitecture, kRows.size() - 1> known{};
  for (std::size_t i = 0; i < known.size(); ++i)
    known[i] = {kRows[i + 1].name, kRows[i + 1].title, kRows[i + 1].input_size};
  return known;
}();

}  // namespace

std::span<const KnownArchitecture> known_architectures() { return kKnown; }

std::span<const ArchitectureRow> architectures() { return std::span(kRows).subspan(1); }

const ArchitectureRow& row_of(Architecture architecture) { return kRows[static_cast<std::size_t>(architecture)]; }

}  // namespace mobilenet
