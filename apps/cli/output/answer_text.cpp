// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/output/answer_text.h"

#include <nlohmann/json.hpp>

#include "cli/output/table.h"

namespace mobilenet::cli {
namespace {

std::string bracketed(int index) { return "[" + std::to_string(index) + "]"; }

}  // namespace

std::string class_name(int index, std::string_view label) {
  return label.empty() ? "class " + std::to_string(index) : std::string(label);
}

Json classes_json(std::span<const Classification> classes) {
  Json list = Json::array();
  for (const Classification& c : classes)
    list.push_back({{"index", c.index}, {"label", c.label}, {"score", shortest(c.score)}});
  return list;
}

Json object_json(const Detection& object) {
  return {{"class", object.class_index},
          {"label", object.label},
          {"score", shortest(object.score)},
          {"box", {shortest(object.left), shortest(object.top), shortest(object.right), shortest(object.bottom)}}};
}

Json objects_json(std::span<const Detection> objects) {
  Json list = Json::array();
  for (const Detection& object : objects) list.push_back(object_json(object));
  return list;
}

Json segments_json(std::span<const SegmentClass> classes) {
  Json list = Json::array();
  for (const SegmentClass& c : classes) list.push_back({{"index", c.index}, {"label", c.label}, {"pixels", c.pixels}});
  return list;
}

std::string classes_table(std::span<const Classification> classes) {
  Table table({Align::right, Align::left, Align::right});
  for (const Classification& c : classes)
    table.row({fixed(c.score, 2), class_name(c.index, c.label), bracketed(c.index)});
  return table.text(2) + '\n';
}

std::string objects_table(std::span<const Detection> objects) {
  Table table({Align::right, Align::left, Align::right, Align::left});
  for (const Detection& d : objects) {
    table.row({fixed(d.score, 2), class_name(d.class_index, d.label), bracketed(d.class_index),
               fixed(d.left, 0) + "," + fixed(d.top, 0) + " - " + fixed(d.right, 0) + "," + fixed(d.bottom, 0)});
  }
  return table.text(2) + '\n';
}

std::string segments_table(const Segmentation& answer) {
  Table table({Align::right, Align::left, Align::right});
  const std::int64_t pixels = std::int64_t{answer.width} * answer.height;
  for (const SegmentClass& c : answer.classes)
    table.row({share_words(c.pixels, pixels), class_name(c.index, c.label), bracketed(c.index)});
  return table.text(2) + '\n';
}

std::string score_words(std::string_view name, float score) { return std::string(name) + ' ' + fixed(score, 2); }

std::string share_words(std::int64_t pixels, std::int64_t all) {
  const double percent = 100 * static_cast<double>(pixels) / static_cast<double>(all);
  return (percent < 0.05 ? "<0.1" : fixed(percent, 1)) + " %";
}

}  // namespace mobilenet::cli
