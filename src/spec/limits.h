// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a network may have at most. Files, options and callers that ask for more are refused with the number, before
// anything is allocated; all of it is far above any use.

#include <cstddef>

namespace mobilenet {

// Of a side of the network's input; keeps the products of sizes inside an int.
inline constexpr int kMostPixels = 1 << 14;
// Of a layer; a weight between two such layers still has its elements counted in 64 bits.
inline constexpr int kMostChannels = 1 << 16;
inline constexpr int kMostBlocks = 1000;
// Numbers in the names of layers, which are read before it is known whether such layers exist.
inline constexpr int kMostNamedBlocks = 100;
inline constexpr int kMostDilation = 64;

// Of a classifier.
inline constexpr int kMostClasses = 1 << 20;
// Of a segmenter: a mask holds bytes.
inline constexpr int kMostMaskClasses = 256;
// Of any detector, and what it may find in a picture; keeps the work of a hostile file within seconds.
inline constexpr int kMostDetectorClasses = 1 << 16, kMostDetections = 1 << 16;
// Of SSD, and anchors of a cell: a predictor has a channel for each pair, counted in an int.
inline constexpr int kMostSsdClasses = 1 << 14;
inline constexpr std::size_t kMostAnchors = 64;
// Sides of the picture, or pixels of the largest input.
inline constexpr float kLargestAnchor = kMostPixels;
// Feature maps of any detector, and those that SSD adds to the backbone's.
inline constexpr std::size_t kMostMaps = 64, kMostExtras = 16;
// Of DeepLab: the number of atrous branches, and the dilation of one.
inline constexpr std::size_t kMostRates = 8;
inline constexpr int kMostRate = kMostDilation;

}  // namespace mobilenet
