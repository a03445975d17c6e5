// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Answers as they are printed: JSON values for programs, a table of a picture or one line of a frame for people.

#include <mobilenet/results.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cli/output/output.h"

namespace mobilenet::cli {

// The label, or "class 7" where there is none.
std::string class_name(int index, std::string_view label);

Json classes_json(std::span<const Classification> classes);
Json object_json(const Detection& object);
Json objects_json(std::span<const Detection> objects);
Json segments_json(std::span<const SegmentClass> classes);

std::string classes_table(std::span<const Classification> classes);
std::string objects_table(std::span<const Detection> objects);
std::string segments_table(const Segmentation& answer);

// "tabby 0.61"
std::string score_words(std::string_view name, float score);
// Of `pixels` among all: "12.5 %", or "<0.1 %", as a class of a few pixels is there and is not "0.0 %".
std::string share_words(std::int64_t pixels, std::int64_t all);

}  // namespace mobilenet::cli
