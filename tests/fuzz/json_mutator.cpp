// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "fuzz/json_mutator.h"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz/fuzz.h"
#include "support/choices.h"

namespace mobilenet::fuzz {
namespace {

using Json = nlohmann::json;
using testing::Choices;

constexpr std::size_t kMostNodes = 20000;

void collect(Json& node, std::vector<Json*>& nodes) {
  if (nodes.size() >= kMostNodes) return;
  nodes.push_back(&node);
  if (node.is_structured())
    for (Json& child : node) collect(child, nodes);
}

std::string mutated_text(std::string text, std::size_t most) {
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  const std::size_t size = bytes.size();
  bytes.resize(most);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), size, most));
  return {bytes.begin(), bytes.end()};
}

Json hostile_value(Choices& choices) {
  switch (choices.below(12)) {
    case 0:
      return 0;
    case 1:
      return -1;
    case 2:
      return choices.pick<std::int64_t>({1 << 30, std::int64_t{1} << 31, std::int64_t{1} << 33,
                                         std::numeric_limits<std::int64_t>::max(),
                                         std::numeric_limits<std::int64_t>::min()});
    case 3:
      return std::numeric_limits<std::uint64_t>::max();
    case 4:
      return choices.pick({0.5, -0.0, 1e-300, 1e300, 255.0, 0.875});
    case 5:
      return nullptr;
    case 6:
      return choices.one_in(2);
    case 7:
      return "";
    case 8:
      return std::string(choices.below(300), static_cast<char>(choices.between(1, 126)));
    case 9:
      return Json::array();
    case 10:
      return Json::object();
    default:
      return choices.between(0, 300);
  }
}

void change(Json& node, std::vector<Json*>& nodes, Choices& choices) {
  const Json other = *nodes[choices.below(static_cast<std::uint32_t>(nodes.size()))];
  switch (choices.below(6)) {
    case 0:
      node = hostile_value(choices);
      return;
    case 1:
      node = other;
      return;
    case 2:  // an entry more
      if (node.is_array()) node.push_back(other);
      if (node.is_object()) node["x" + std::to_string(choices.below(4))] = other;
      return;
    case 3:  // an entry less
      if (node.is_structured() && !node.empty())
        node.erase(std::next(node.begin(), choices.below(static_cast<std::uint32_t>(node.size()))));
      return;
    case 4:  // a name that another entry had
      if (node.is_object() && node.size() > 1) {
        auto from = std::next(node.begin(), choices.below(static_cast<std::uint32_t>(node.size())));
        auto to = std::next(node.begin(), choices.below(static_cast<std::uint32_t>(node.size())));
        std::swap(from.value(), to.value());
      }
      return;
    default:
      if (node.is_string()) node = mutated_text(node.get<std::string>(), 256);
      if (node.is_number_integer()) node = node.get<std::int64_t>() ^ (std::int64_t{1} << choices.below(40));
      if (node.is_number_float()) node = node.get<double>() * choices.pick({-1.0, 0.5, 2.0, 1e6, 1e-6});
  }
}

}  // namespace

std::string mutated_json(std::string_view text, std::size_t most, unsigned seed) {
  Choices choices(seed);
  Json root = Json::parse(text, nullptr, false);
  if (root.is_discarded() || choices.one_in(16)) return mutated_text(std::string(text), most);
  for (int changes = choices.between(1, 4); changes > 0; --changes) {
    std::vector<Json*> nodes;  // again, since a change may have moved them
    collect(root, nodes);
    change(*nodes[choices.below(static_cast<std::uint32_t>(nodes.size()))], nodes, choices);
  }
  const std::string made = root.dump(-1, ' ', false, Json::error_handler_t::replace);
  return made.size() <= most ? made : std::string(text.substr(0, most));
}

}  // namespace mobilenet::fuzz
