// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures, classes and boxes as COCO writes them: ids of pictures and categories, boxes as left, top, width, height.

#include <mobilenet/results.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "evaluate/coco_ap.h"

namespace mobilenet::evaluation {

using CocoImageId = std::variant<std::int64_t, std::string>;

// COCO names its pictures by number: 000000000139.jpg is 139. Others keep their name, without folder and ending.
CocoImageId coco_image_id(std::string_view picture);

// Category ids count from 1.
std::int64_t coco_category_id(const Detection& detection);
CocoBox coco_box(const Detection& detection);

// A float as the shortest decimal number that stands for it, so that figures of answers are those of their file.
double shortest(float value);

}  // namespace mobilenet::evaluation
