// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/weights/wrapped_names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "formats/weights/convention.h"

namespace mobilenet {
namespace {

// Modules that PyTorch itself puts around others, anywhere in a network, and whose names mean nothing.
constexpr std::array<std::string_view, 3> kTransparent{"_orig_mod.", "_fsdp_wrapped_module.",
                                                       "_checkpoint_wrapped_module."};
constexpr std::array<std::string_view, 3> kAveraged{"ema", "swa", "averaged"};
constexpr std::array<std::string_view, 19> kOfTraining{
    "optimizer", "optimizers", "optim",    "scheduler", "schedulers",  "loss",     "losses",
    "criterion", "criteria",   "metric",   "metrics",   "teacher",     "accuracy", "ema",
    "epoch",     "step",       "averaged", "total_ops", "total_params"};
constexpr std::array<std::string_view, 9> kLastLayers{"classifier", "cls",    "fc",     "head", "heads",
                                                      "linear",     "logits", "output", "dense"};

template <std::size_t kCount>
bool holds(const std::array<std::string_view, kCount>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The part of a text before the next of `separators`, which is taken off with it.
std::string_view take_word(std::string_view& text, std::string_view separators) {
  const std::size_t end = std::min(text.find_first_of(separators), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

bool is_averaged(std::string_view prefix) {
  while (!prefix.empty())
    if (holds(kAveraged, take_word(prefix, "._"))) return true;
  return false;
}

void erase_transparent(std::string& name) {
  for (const std::string_view module : kTransparent)
    for (std::size_t place = name.find(module); place != std::string::npos; place = name.find(module, place))
      if (place == 0 || name[place - 1] == '.')
        name.erase(place, module.size());
      else
        place += module.size();
}

// What stands before a landmark at the end of the name, up to a dot; nothing when there is none.
std::optional<std::string_view> before_landmark(const Convention& convention, std::string_view name) {
  std::optional<std::string_view> shortest;
  for (const std::string_view landmark : convention.landmarks) {
    if (!name.ends_with(landmark)) continue;
    const std::string_view prefix = name.substr(0, name.size() - landmark.size());
    if (!prefix.empty() && prefix.back() != '.') continue;
    if (!shortest || prefix.size() < shortest->size()) shortest = prefix;
  }
  return shortest;
}

// Of the first convention that has any.
std::set<std::string> prefixes_in(const NamedTensors& file) {
  std::set<std::string> prefixes;
  for (const Convention* convention : conventions()) {
    for (const NamedTensor& tensor : file.tensors)
      if (const auto prefix = before_landmark(*convention, tensor.name)) prefixes.emplace(*prefix);
    if (!prefixes.empty()) break;
  }
  return prefixes;
}

std::string quoted_prefix(const std::string& prefix) { return prefix.empty() ? "no prefix" : prefix; }

// How many bytes of whole modules ("a.b.") two prefixes begin or end with alike.
std::size_t same_beginning(std::string_view a, std::string_view b) {
  const auto differ = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  const std::string_view same = a.substr(0, static_cast<std::size_t>(differ - a.begin()));
  return same.rfind('.') + 1;  // npos + 1 is 0
}
std::size_t same_end(std::string_view a, std::string_view b) {
  std::size_t same = 0;
  while (same < a.size() && same < b.size() && a[a.size() - same - 1] == b[b.size() - same - 1]) ++same;
  const auto begins_module = [&](std::string_view text) {
    return same == text.size() || text[text.size() - same - 1] == '.';
  };
  while (same > 0 && !(begins_module(a) && begins_module(b))) --same;
  return same;
}

// The network that is taken, and the other one, where the file has two.
struct Choice {
  std::string prefix;
  std::string root, other_root;  // all of either begins with its root; equal: there is no other
};

Result<Choice> choose(const std::set<std::string>& prefixes, std::vector<Decision>& decisions) {
  if (prefixes.empty()) return Choice{};
  if (prefixes.size() == 1) return Choice{*prefixes.begin(), {}, {}};
  const std::string &first = *prefixes.begin(), &second = *std::next(prefixes.begin());
  const std::size_t same = same_end(first, second);
  const std::string first_root = first.substr(0, first.size() - same);
  const std::string second_root = second.substr(0, second.size() - same);
  if (prefixes.size() > 2 || is_averaged(first_root) == is_averaged(second_root))
    return failure(ErrorCode::unsupported, "holds ", prefixes.size(), " networks, under ", quoted_prefix(first),
                   " and ", quoted_prefix(second), prefixes.size() > 2 ? ", ..." : "",
                   "; save the one that is meant in a file of its own");
  Choice choice{first, first_root, second_root};
  if (is_averaged(second_root)) choice = {second, second_root, first_root};
  decisions.push_back({"the network under " + choice.root, "it is the moving average of the one under " +
                                                               quoted_prefix(choice.other_root) +
                                                               ", which timm prefers too where a file has both"});
  return choice;
}

// What was taken off a name, as the file has it: "_orig_mod.module.".
std::string taken_off(const NamedTensor& tensor) {
  if (tensor.saved_as.ends_with(tensor.name))
    return tensor.saved_as.substr(0, tensor.saved_as.size() - tensor.name.size());
  return std::string(*std::find_if(kTransparent.begin(), kTransparent.end() - 1, [&](std::string_view module) {
    return tensor.saved_as.find(module) != std::string::npos;
  }));
}

}  // namespace

Result<Unwrapped> unwrap(NamedTensors file) {
  for (NamedTensor& tensor : file.tensors) erase_transparent(tensor.name);
  Unwrapped unwrapped;
  MOBILENET_TRY(const Choice choice, choose(prefixes_in(file), unwrapped.decisions));
  unwrapped.network.metadata = std::move(file.metadata);
  unwrapped.network.owners = std::move(file.owners);
  std::set<std::string> told;
  for (NamedTensor& tensor : file.tensors) {
    std::string& name = tensor.name;
    if (name.starts_with(choice.prefix)) {
      name.erase(0, choice.prefix.size());
      std::string modules = taken_off(tensor);
      if (!modules.empty()) told.insert(std::move(modules));
      unwrapped.network.tensors.push_back(std::move(tensor));
      continue;
    }
    const bool of_the_other =
        choice.root != choice.other_root && !name.starts_with(choice.root) && name.starts_with(choice.other_root);
    if (of_the_other) continue;
    name.erase(0, same_beginning(name, choice.prefix));
    unwrapped.beside.push_back(std::move(tensor));
  }
  if (!told.empty())
    unwrapped.decisions.push_back(
        {text("names are read without ", *told.begin(), told.size() > 1 ? " and the like" : ""),
         "modules that a trainer put around the network"});
  return unwrapped;
}

bool only_serves_training(std::string_view name) {
  while (!name.empty()) {
    const std::string_view module = take_word(name, ".");
    if (holds(kOfTraining, module)) return true;
    for (std::string_view words = module; !words.empty();)
      if (holds(kOfTraining, take_word(words, "_"))) return true;
  }
  return false;
}

std::string_view last_layer(std::string_view name) {
  const std::size_t dot = std::min(name.rfind('.'), name.size());
  const std::string_view layer = name.substr(0, dot), part = name.substr(std::min(dot + 1, name.size()));
  if (layer.empty() || (part != "weight" && part != "bias")) return {};
  bool named = false;
  for (std::string_view modules = layer; !modules.empty();) {
    const std::string_view module = take_word(modules, ".");
    const bool number = std::all_of(module.begin(), module.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!number && !holds(kLastLayers, module)) return {};
    named = named || !number;
  }
  return named ? layer : std::string_view();
}

}  // namespace mobilenet
