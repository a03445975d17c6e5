// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/options.h"

#include <mobilenet/device.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

#include "cli/arguments/cli11.h"
#include "cli/arguments/preprocess_options.h"
#include "cli/output/output.h"
#include "cli/output/table.h"

namespace mobilenet::cli {
namespace {

constexpr int kMaxBatch = 65536;

std::optional<long long> whole_number(std::string_view text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string is_not(const std::string& value, const std::string& wanted) { return "'" + value + "' is not " + wanted; }

// A whole number from `lowest` to `highest`; nothing for anything else.
template <class T>
std::optional<T> number_within(std::string_view text, long long lowest, long long highest) {
  const auto number = whole_number(text);
  if (!number || *number < lowest || *number > highest) return std::nullopt;
  return static_cast<T>(*number);
}

// What is wrong with a size; empty: nothing.
std::string parse_size(const std::string& text, SessionOptions& options) {
  const std::size_t cross = text.find('x');
  const auto height = number_within<int>(std::string_view(text).substr(0, cross), 1, kMaxSide);
  const auto width =
      cross == std::string::npos ? height : number_within<int>(std::string_view(text).substr(cross + 1), 1, kMaxSide);
  if (!height || !width)
    return is_not(text, "a side like 224 or HEIGHTxWIDTH like 160x320, up to " + std::to_string(kMaxSide));
  options.input_height = *height;
  options.input_width = *width;
  return {};
}

// Of devices or precisions: "one of cpu, reference".
template <class Info>
std::string one_of(std::span<const Info> infos) {
  std::string names;
  for (const Info& info : infos) names.append(names.empty() ? "one of " : ", ").append(info.name);
  return names;
}

// For completions: their names.
template <class Info>
std::vector<std::string> names_of(std::span<const Info> infos) {
  std::vector<std::string> names;
  for (const Info& info : infos) names.emplace_back(info.name);
  return names;
}

// For the help: "cpu: fast (default); reference: plain and slow".
template <class Info>
std::string sentences(std::span<const Info> infos, std::string_view name_of_default) {
  std::string text;
  for (const Info& info : infos) {
    text.append(text.empty() ? "" : "; ").append(info.name).append(": ").append(info.sentence);
    if (info.name == name_of_default) text += " (default)";
  }
  return text;
}

void add_orientation_option(CLI::App& app, PictureArguments& arguments) {
  add_value(
      app, "--orientation",
      [&arguments](const std::string& text) {
        const auto value = whole_number(text);
        if (!value) return is_not(text, "a whole number");
        if (*value >= 1 && *value <= 8) {
          arguments.options.orientation = orientation_from_exif(static_cast<int>(*value));
        } else {
          arguments.orientation_note = "--orientation " + text + " is ignored: EXIF has 1 to 8";
        }
        return std::string();
      },
      "EXIF orientation 1..8 of all pictures, instead of their\nown; other numbers are ignored", "N");
}

}  // namespace

void add_session_options(CLI::App& app, SessionOptions& options) {
  CLI::Option* const backend = add_value(
      app, "--backend",
      [&options](const std::string& text) {
        const auto device = device_from_name(text);
        if (!device) return is_not(text, one_of(devices()) + ", automatic");
        options.device = *device;
        return std::string();
      },
      sentences(devices(), name_of(options.device)) + "; automatic: a GPU that can run the model, else cpu", "NAME");
  offer(backend, [] {
    std::vector<std::string> names = names_of(devices());
    names.emplace_back("automatic");
    return names;
  });
  CLI::Option* const numbers = add_value(
      app, "--precision",
      [&options](const std::string& text) {
        const auto precision = precision_from_name(text);
        if (!precision) return is_not(text, one_of(precisions()));
        options.precision = *precision;
        return std::string();
      },
      sentences(precisions(), name_of(options.precision)), "NAME");
  offer(numbers, [] { return names_of(precisions()); });
  add_count(app, "-t,--threads", options.threads, 0, kMostThreads, "Threads (default: one per physical core)");
  add_bytes(app, "--max-memory", options.max_memory_bytes,
            "The most memory that a network may take, such as 512MB or\n"
            "8GB (default: 4GB, or half of what there is)");
}

void add_size_option(CLI::App& app, const std::string& names, SessionOptions& options) {
  add_value(
      app, names, [&options](const std::string& text) { return parse_size(text, options); },
      "Input size of the network: a side, or HEIGHTxWIDTH\n(default: the model's own)", "N");
}

void add_picture_options(CLI::App& app, PictureArguments& arguments) {
  add_words(app, "pictures", arguments.words,
            "JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF files,\n"
            "folders (the pictures directly inside), patterns, or -\n"
            "for standard input; videos, cameras (0, /dev/video0),\n"
            "addresses of streams",
            "...");
  require_when_parsed(
      app, [&arguments] { return arguments.are_named(); }, "pictures");
  add_flag(app, "-r,--recursive", arguments.recursive, "Folders with all that lies below them");
  add_text(app, "--list", arguments.list, "A file that names pictures, one a line; - is standard input", "FILE");
  add_decoding_options(app, arguments);
}

void add_decoding_options(CLI::App& app, PictureArguments& arguments) {
  add_orientation_option(app, arguments);
  add_value(
      app, "--max-pixels",
      [&arguments](const std::string& text) {
        const auto value = whole_number(text);
        if (!value || *value < 0) return is_not(text, "a whole number from 0");
        arguments.options.decode.max_pixels = *value;
        return std::string();
      },
      "Refuse larger pictures; 0: no limit (default: " + std::to_string(DecodeOptions{}.max_pixels) + ")", "N");
  add_flag(app, "--srgb", arguments.options.decode.to_srgb,
           "Convert pictures with another colour profile (Display P3\nof phones) to sRGB before the network sees them");
  add_quiet_option(app);
}

void add_fast_decode_option(CLI::App& app, PictureArguments& arguments) {
  add_flag(app, "--fast-decode", arguments.fast_decode,
           "Decode large JPEGs at 1/8, 1/4 or 1/2 of their size, at\nleast twice the network's: faster, not exact");
}

void choose_decoding(const ModelInfo& model, const SessionOptions& session, PictureArguments& arguments) {
  const int side = session.input_height > 0 ? std::max(session.input_height, session.input_width)
                                            : std::max(model.input_height, model.input_width);
  if (arguments.fast_decode) arguments.options.decode.shorter_side = 2 * side;
}

void add_source_options(CLI::App& app, PictureArguments& arguments) {
  add_words(app, "source", arguments.words,
            "A camera (0, /dev/video0), the address of a stream, or a\nvideo (default: 0)", "...");
  add_orientation_option(app, arguments);
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

void add_count(CLI::App& app, const std::string& names, int& value, int lowest, int highest,
               const std::string& description) {
  add_value(
      app, names,
      [&value, lowest, highest](const std::string& text) {
        const auto number = number_within<int>(text, lowest, highest);
        if (!number)
          return is_not(text, "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
        value = *number;
        return std::string();
      },
      description, "N");
}

void add_fraction(CLI::App& app, const std::string& name, std::optional<float>& value, const std::string& description) {
  add_value(
      app, name,
      [&value](const std::string& text) {
        float number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size() || !(number >= 0 && number <= 1))
          return is_not(text, "a number from 0 to 1");
        value = number;
        return std::string();
      },
      description, "P");
}

void add_choice(CLI::App& app, const std::string& name, const std::vector<std::string>& words,
                const std::function<void(std::size_t)>& choose, const std::string& description,
                const std::string& type) {
  CLI::Option* const option = add_value(
      app, name,
      [words, choose](const std::string& text) {
        const auto word = std::find(words.begin(), words.end(), text);
        if (word == words.end()) return is_not(text, "one of " + join(words, ", "));
        choose(static_cast<std::size_t>(word - words.begin()));
        return std::string();
      },
      description, type);
  offer(option, [words] { return words; });
}

CLI::Option* add_output_option(CLI::App& app, std::string& path, const std::vector<std::string>& extensions,
                               const std::string& description) {
  const std::string wanted = join(extensions, " or ");
  CLI::Option* const option = add_output_name(app, "-o,--output", path, description, "FILE");
  check(option, [extensions, wanted](const std::string& text) {
    const bool fits = std::any_of(extensions.begin(), extensions.end(), [&text](const std::string& extension) {
      return text.size() > extension.size() && text.ends_with(extension);
    });
    return fits ? "" : is_not(text, "a file whose name ends in " + wanted);
  });
  return option;
}

void add_annotation_option(CLI::App& app, std::string& path) {
  add_output_name(
      app, "-o,--output", path,
      "Write annotated pictures and videos: a .png or .jpg for one picture, a .mp4, .mkv, .mov or .webm for one "
      "video, a folder for many (end its name in /)");
}

CLI::Option* add_output_name(CLI::App& app, const std::string& names, std::string& path, const std::string& description,
                             const std::string& type) {
  CLI::Option* const option = add_text(app, names, path, description, type);
  check(option, [](const std::string& text) {
    return text != "-" ? "" : "'-' is no place for results, they go to files (a file of that name is ./-)";
  });
  return option;
}

void add_force_option(CLI::App& app, IfExists& if_exists) {
  add_flag(
      app, "-f,--force", [&if_exists] { if_exists = IfExists::replace; },
      "Replace result files that exist already; never what is read");
}

void add_quiet_option(CLI::App& app) {
  add_flag(app, "-q,--quiet", be_quiet, "Only errors on standard error: no notes, no progress");
}

void add_json_option(CLI::App& app, bool& json) {
  add_flag(app, "--json", json, "One JSON object per line on standard output");
}

}  // namespace mobilenet::cli
