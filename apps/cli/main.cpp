// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/device.h>
#include <mobilenet/version.h>

#include <CLI/CLI.hpp>
#include <array>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "cli/output.h"
#include "cli/table.h"
#include "cli/verbs.h"

// The program: finds the verb, parses its options, runs it. Exit codes: 0 all well, 1 a bad model or picture, 2 usage.

namespace mobilenet::cli {
namespace {

struct Verb {
  const char* name;
  const char* description;
  Work (*add)(CLI::App&);
};

constexpr std::array kVerbs = {
    Verb{"classify", "Say what pictures show", add_classify},
    Verb{"detect", "Find objects and their boxes in pictures", add_detect},
    Verb{"segment", "Say what every pixel of pictures belongs to", add_segment},
    Verb{"evaluate", "Measure a model against annotations: top-1/5, COCO AP, mIoU", add_evaluate},
    Verb{"features", "Write feature vectors or maps of pictures as .npz", add_features},
    Verb{"run", "Raw tensors in, raw tensors out (.npy, .npz)", add_run},
    Verb{"info", "Show a model and all that was decided about it, and why", add_info},
    Verb{"bench", "Measure the time of a network", add_bench},
    Verb{"convert", "Write a model as the project's own .safetensors", add_convert},
};

// Help as a newcomer reads it: a blank line before the usage, and of every option only the kind of its value.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(26);
    label("SUBCOMMAND", "COMMAND");
    label("Positionals", "Arguments");
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    return '\n' + CLI::Formatter::make_usage(app, name);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return {};
    return ' ' + option->get_type_name() + (option->get_required() && !option->get_positional() ? " (required)" : "");
  }
};

std::string version_text() {
  std::string text = "mobilenet " + std::string(version()) + " (commit " + std::string(commit()) + ")\n";
  Table parts({Align::left, Align::left});
  for (const Component& part : components()) {
    parts.row({std::string(part.name), part.version.empty() ? "not built in" : std::string(part.version)});
  }
  text += "components:\n" + parts.text(2);
  std::vector<std::string> names;
  for (const std::string_view name : cpu_instruction_sets()) names.emplace_back(name);
  return text + "instruction sets of this machine, best first: " + join(names, ", ") + '\n';
}

int usage_error(const CLI::App& app, const std::string& sentence) {
  std::string command = "mobilenet";
  for (const CLI::App* verb : app.get_subcommands()) command += ' ' + verb->get_name();
  say(sentence);
  say("`" + command + " --help` shows how it is used");
  return kUsageError;
}

int run_program(int argc, char** argv) {
  CLI::App app{
      "mobilenet: MobileNet V1 and V2 on pictures and tensors, from .tflite and .safetensors files.\n"
      "Without --model the bundled 202-class classifier runs.",
      "mobilenet"};
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("--version", version_text, "Version, components and instruction sets");
  app.require_subcommand(0, 1);
  app.formatter(std::make_shared<HelpFormatter>());
  app.footer(
      "Examples:\n"
      "  mobilenet classify photo.jpg\n"
      "  mobilenet classify --model mobilenet_v2.tflite --json holiday/ > answers.jsonl\n"
      "  mobilenet detect --model ssd.tflite -o found.png street.jpg\n"
      "  mobilenet segment --model deeplabv3.tflite --mask masks/ holiday/\n"
      "  mobilenet info mobilenet_v2.tflite\n"
      "\n"
      "MOBILENET_MODEL names the model that runs when --model does not; MOBILENET_CPU_ISA the\n"
      "instruction set to use at most, out of those that --version lists.\n"
      "`mobilenet COMMAND --help` shows a command's options and more examples.");

  std::vector<std::pair<const CLI::App*, Work>> work;
  for (const Verb& verb : kVerbs) {
    CLI::App& subcommand = *app.add_subcommand(verb.name, verb.description)->group("Commands");
    work.emplace_back(&subcommand, verb.add(subcommand));
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return kSuccess;
  } catch (const CLI::CallForVersion& request) {
    print(request.what());
    return kSuccess;
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> extras = app.remaining(true);
    const bool command = app.get_subcommands().empty() && !extras.empty() && !extras.front().starts_with('-');
    return usage_error(app, command ? "'" + extras.front() + "' is no command of mobilenet"
                                    : "not expected here: " + join(extras, " "));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string what = error.what();
    const std::size_t repeated = what.find(": At Most 1 required");
    return usage_error(app, repeated == std::string::npos ? what : what.substr(0, repeated) + " is given twice");
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error.what());
  }
  for (const auto& [subcommand, run] : work) {
    if (subcommand->parsed()) return run();
  }
  print(app.help());
  return kSuccess;
}

}  // namespace
}  // namespace mobilenet::cli

int main(int argc, char** argv) {
  using namespace mobilenet::cli;
  prepare_output();
  int status = kFailure;
  try {
    status = run_program(argc, argv);
  } catch (const std::bad_alloc&) {
    say("out of memory");
  } catch (const std::exception& error) {
    say(error.what());
  }
  return finish_output(status);
}
