// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// COCO's twelve figures for boxes, number for number as its own evaluation (COCOeval of pycocotools, "bbox") computes
// them. Reading files is the business of coco_truth.h.

#include <mobilenet/evaluate.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace mobilenet::evaluation {

using CocoBox = std::array<double, 4>;  // left, top, width, height

struct TrueObject {
  std::size_t category = 0;  // any number below `categories`
  CocoBox box{};
  double area = 0;     // of the object's outline, which is less than the box's
  bool crowd = false;  // a box around many: it may be found any number of times, or not at all
  // COCOeval takes the id 0 for "not matched": what finds such an object counts as a mistake there, and so it does
  // here.
  bool id_is_zero = false;
};

struct FoundObject {
  std::size_t category = 0;
  CocoBox box{};
  double score = 0;
};

struct CocoPicture {
  std::vector<TrueObject> truth;
  std::vector<FoundObject> found;
};

// `pictures` in the order of their ids: equal scores rank by it.
CocoFigures coco_figures(std::span<const CocoPicture* const> pictures, std::size_t categories);

// Intersection over union; over the found box alone where the true one is a crowd's.
double coco_overlap(const CocoBox& found, const CocoBox& truth, bool crowd);

}  // namespace mobilenet::evaluation
