// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/options.h"

#include <mobilenet/device.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "cli/arguments/preprocess_options.h"
#include "cli/output/output.h"

namespace mobilenet::cli {
namespace {

constexpr int kMaxSide = 16384;  // of the network's input
constexpr int kMaxBatch = 65536;

std::optional<long long> whole_number(std::string_view text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

[[noreturn]] void wrong_value(const std::string& option, const std::string& value, const std::string& wanted) {
  throw CLI::ValidationError(option, "'" + value + "' is not " + wanted);
}

std::pair<int, int> parse_size(const std::string& text) {
  const std::size_t cross = text.find('x');
  const auto height = whole_number(std::string_view(text).substr(0, cross));
  const auto width = cross == std::string::npos ? height : whole_number(std::string_view(text).substr(cross + 1));
  const auto fits = [](std::optional<long long> side) { return side && *side >= 1 && *side <= kMaxSide; };
  if (!fits(height) || !fits(width)) {
    wrong_value("--size", text, "a side like 224 or HEIGHTxWIDTH like 160x320, up to " + std::to_string(kMaxSide));
  }
  return {static_cast<int>(*height), static_cast<int>(*width)};
}

std::string device_names() {
  std::string names;
  for (const DeviceInfo& device : devices()) names.append(names.empty() ? "" : ", ").append(device.name);
  return names;
}

// A line each, the default first.
std::string device_sentences() {
  std::string text;
  for (const DeviceInfo& device : devices()) {
    text.append(text.empty() ? "" : "\n").append(device.name).append(": ").append(device.sentence);
    if (device.device == SessionOptions().device) text += " (default)";
  }
  return text;
}

}  // namespace

void add_session_options(CLI::App& app, SessionOptions& options) {
  app.add_option_function<std::string>(
         "--backend",
         [&options](const std::string& text) {
           const auto device = device_from_name(text);
           if (!device) wrong_value("--backend", text, "one of " + device_names());
           options.device = *device;
         },
         device_sentences())
      ->type_name("NAME");
  app.add_option_function<std::string>(
         "--precision",
         [&options](const std::string& text) {
           const auto precision = precision_from_name(text);
           if (!precision) wrong_value("--precision", text, "one of automatic, source, f32, int8");
           options.precision = *precision;
         },
         "automatic: the fastest that keeps the answers; source: the\n"
         "file's own; f32; int8 (default: " +
             std::string(name_of(options.precision)) + ")")
      ->type_name("NAME");
  add_count(app, "-t,--threads", options.threads, 0, kMostThreads, "Threads (default: one per physical core)");
  app.add_option("--max-memory", options.max_memory_bytes,
                 "The most memory that a network may take, such as 512MB or\n"
                 "8GB (default: 4GB, or half of what there is)")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("BYTES");
}

void add_size_option(CLI::App& app, const std::string& names, SessionOptions& options) {
  app.add_option_function<std::string>(
         names,
         [&options](const std::string& text) {
           std::tie(options.input_height, options.input_width) = parse_size(text);
         },
         "Input size of the network: a side, or HEIGHTxWIDTH\n(default: the model's own)")
      ->type_name("N");
}

void add_picture_options(CLI::App& app, PictureArguments& arguments) {
  app.add_option("pictures", arguments.words,
                 "JPEG, PNG, WebP or BMP files, folders (the pictures\n"
                 "directly inside), patterns, or - for standard input")
      ->type_name("...")
      ->required();
  app.add_option_function<std::string>(
         "--orientation",
         [&arguments](const std::string& text) {
           const auto value = whole_number(text);
           if (!value) wrong_value("--orientation", text, "a whole number");
           if (*value >= 1 && *value <= 8) {
             arguments.options.orientation = orientation_from_exif(static_cast<int>(*value));
           } else {
             arguments.orientation_note = "--orientation " + text + " is ignored: EXIF has 1 to 8";
           }
         },
         "EXIF orientation 1..8 of all pictures, instead of their\nown; other numbers are ignored")
      ->type_name("N");
  app.add_option_function<std::string>(
         "--max-pixels",
         [&arguments](const std::string& text) {
           const auto value = whole_number(text);
           if (!value || *value < 0) wrong_value("--max-pixels", text, "a whole number from 0");
           arguments.options.decode.max_pixels = *value;
         },
         "Refuse larger pictures; 0: no limit (default: " + std::to_string(DecodeOptions{}.max_pixels) + ")")
      ->type_name("N");
  add_quiet_option(app);
}

void add_answer_options(CLI::App& app, ModelChoice& model, PictureArguments& pictures, SessionOptions& session) {
  add_labels_option(app, model);
  add_size_option(app, "--size", session);
  add_preprocess_options(app, model);
  add_picture_options(app, pictures);
  add_session_options(app, session);
}

void add_batch_option(CLI::App& app, PictureArguments& arguments) {
  add_count(app, "-b,--batch", arguments.batch, 1, kMaxBatch, "Pictures computed at once (default: 1)");
}

CLI::Option* add_count(CLI::App& app, const std::string& names, int& value, int lowest, int highest,
                       const std::string& description) {
  const std::string name = names.substr(names.find("--"));
  return app
      .add_option_function<std::string>(
          names,
          [name, &value, lowest, highest](const std::string& text) {
            const auto number = whole_number(text);
            if (!number || *number < lowest || *number > highest) {
              wrong_value(name, text,
                          "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
            }
            value = static_cast<int>(*number);
          },
          description)
      ->type_name("N");
}

CLI::Option* add_output_option(CLI::App& app, std::string& path, const std::vector<std::string>& extensions,
                               const std::string& description) {
  std::string wanted;
  for (const std::string& extension : extensions) wanted += (wanted.empty() ? "" : " or ") + extension;
  return add_output_name(app, "-o,--output", path, description)
      ->check([extensions, wanted](const std::string& text) {
        const bool fits = std::any_of(extensions.begin(), extensions.end(), [&text](const std::string& extension) {
          return text.size() > extension.size() && text.ends_with(extension);
        });
        return fits ? "" : '\'' + text + "' is not a file whose name ends in " + wanted;
      })
      ->type_name("FILE")
      ->required();
}

void add_fraction(CLI::App& app, const std::string& name, std::optional<float>& value, const std::string& description) {
  app.add_option_function<std::string>(
         name,
         [name, &value](const std::string& text) {
           float number = 0;
           const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
           if (error != std::errc() || end != text.data() + text.size() || !(number >= 0 && number <= 1))
             wrong_value(name, text, "a number from 0 to 1");
           value = number;
         },
         description)
      ->type_name("P");
}

void add_annotation_option(CLI::App& app, std::string& path) {
  add_output_name(app, "-o,--output", path,
                  "Write annotated pictures: a .png or .jpg for one picture, a folder for many (end its name in /)");
}

CLI::Option* add_output_name(CLI::App& app, const std::string& names, std::string& path,
                             const std::string& description) {
  return app.add_option(names, path, description)->type_name("PATH")->check([](const std::string& text) {
    return text != "-" ? "" : "'-' is no place for results, they go to files (a file of that name is ./-)";
  });
}

void add_force_option(CLI::App& app, IfExists& if_exists) {
  app.add_flag_callback(
      "-f,--force", [&if_exists] { if_exists = IfExists::replace; },
      "Replace result files that exist already; never what is read");
}

void add_quiet_option(CLI::App& app) {
  app.add_flag_callback("-q,--quiet", be_quiet, "Only errors on standard error: no notes, no progress");
}

void add_json_option(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "One JSON object per line on standard output");
}

}  // namespace mobilenet::cli
