// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/preprocess_options.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <system_error>
#include <utility>

#include "cli/arguments/cli11.h"

namespace mobilenet::cli {
namespace {

// One of the names, or what is wrong.
template <class Value, class T, std::size_t kCount>
ReadValue choose(Value& value, const PreprocessNames<T, kCount>& names) {
  return [&value, &names](const std::string& text) {
    std::string known;
    for (const auto& [name, named] : names) {
      if (name == text) {
        value = named;
        return std::string();
      }
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    return "'" + text + "' is not one of " + known;
  };
}

// For completions.
template <class T, std::size_t kCount>
OfferedWords words_of(const PreprocessNames<T, kCount>& names) {
  return [&names] {
    std::vector<std::string> words;
    for (const auto& [name, named] : names) words.emplace_back(name);
    return words;
  };
}

// One number or three with commas between.
std::optional<std::array<float, 3>> channels_from(std::string_view text) {
  std::array<float, 3> values{};
  std::size_t count = 0;
  while (count < values.size()) {
    const std::string_view word = text.substr(0, text.find(','));
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), values[count]);
    if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(values[count])) return std::nullopt;
    ++count;
    if (word.size() == text.size()) break;
    text.remove_prefix(word.size() + 1);
    if (count == values.size()) return std::nullopt;
  }
  if (count == 1) return std::array<float, 3>{values[0], values[0], values[0]};
  if (count == 3) return values;
  return std::nullopt;
}

}  // namespace

std::optional<PixelEncoding> encoding_from(std::string_view text) {
  for (const auto& [name, encoding] : kEncodingNames)
    if (text == name) return encoding;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto mean = channels_from(text.substr(0, slash)), deviation = channels_from(text.substr(slash + 1));
  if (!mean || !deviation) return std::nullopt;
  for (const float value : *deviation)
    if (!(value > 0)) return std::nullopt;
  return PixelEncoding{*mean, *deviation};
}

void add_encoding_options(CLI::App& app, ModelChoice& choice) {
  CLI::Option* const encoding = add_value(
      app, "--encoding",
      [&choice](const std::string& text) {
        choice.preprocess.encoding = encoding_from(text);
        if (choice.preprocess.encoding) return std::string();
        return "'" + text +
               "' is not one of unit, signed, bytes, or MEAN/DEVIATION like 127.5/127.5 or 124,116,104/58,57,57, the "
               "deviation above 0";
      },
      "How bytes become the network's numbers: unit (0 to 1), "
      "signed (-1 to 1), bytes (0 to 255), or MEAN/DEVIATION, in "
      "units of a byte (default: the model's own, or a guess that "
      "`mobilenet info` calls one)",
      "NAME");
  offer(encoding, words_of(kEncodingNames));
  CLI::Option* const channels =
      add_value(app, "--channels", choose(choice.preprocess.channels, kChannelOrderNames),
                "rgb or bgr: the order of colours that the network wants (default: the model's own)", "NAME");
  offer(channels, words_of(kChannelOrderNames));
}

void add_preprocess_options(CLI::App& app, ModelChoice& choice) {
  CLI::Option* const geometry = add_value(app, "--preprocess", choose(choice.preprocess.geometry, kGeometryNames),
                                          "What of a picture the network sees: crop (the centre 7/8), "
                                          "square (the whole centre), squash (all, aspect ratio "
                                          "ignored), pad, letterbox (all, the rest filled), tf_slim "
                                          "(default: as the model was trained)",
                                          "NAME");
  offer(geometry, words_of(kGeometryNames));
  CLI::Option* const filter = add_value(app, "--filter", choose(choice.preprocess.filter, kFilterNames),
                                        "How it is resized: nearest, bilinear, bicubic, lanczos, "
                                        "box, hamming (as Pillow does), tf_bilinear, tf1_bilinear, "
                                        "tf1_bilinear_corners (default: as the model was trained)",
                                        "NAME");
  offer(filter, words_of(kFilterNames));
  add_encoding_options(app, choice);
}

}  // namespace mobilenet::cli
