// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Class names out of text, in the forms that people keep them in: a name a line, numbered lines, tables with a header,
// JSON, TensorFlow's and Caffe's label maps. Which of them a model takes is the business of labels.h.

#include <mobilenet/result.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mobilenet {

// One way to read a text: "0 fingers, 1 finger" are two numbered names, or two names that begin with a number.
struct LabelReading {
  std::vector<std::string> labels;
  std::string form;  // "lines", "numbered lines": completes "has 5 ..."
};

// All ways that make sense, the likeliest first, at least one. `text` is what utf8_text() gives. Fails where the text
// is of a structured form (JSON, a label map) but broken.
Result<std::vector<LabelReading>> read_labels(std::string_view text);

// The parts of read_labels, for the forms that have their own files. None: the text is not of this form.
std::optional<Result<LabelReading>> read_json_labels(std::string_view text);
std::optional<Result<LabelReading>> read_label_map(std::string_view text);                 // item { id: 1 name: "cat" }
std::optional<LabelReading> read_label_table(const std::vector<std::string_view>& lines);  // of columns, under titles
bool is_column_title(std::string_view line);                                               // "label", "Class name"

using NumberedLabel = std::pair<std::size_t, std::string>;

// Names in the order of their numbers, which count from 0, or from 1 where none is 0. None where a number comes twice,
// or where the numbers leave out so many that they must mean something else.
std::optional<std::vector<std::string>> by_number(std::vector<NumberedLabel> names);

// Without blanks at both ends.
std::string_view trimmed(std::string_view text);
// "12"; none for anything else.
std::optional<std::size_t> whole_number(std::string_view text);

}  // namespace mobilenet
