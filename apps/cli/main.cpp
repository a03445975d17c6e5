// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include <mobilenet/device.h>
#include <mobilenet/version.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments/cli11.h"
#include "cli/arguments/command_line.h"
#include "cli/arguments/completions.h"
#include "cli/arguments/help.h"
#include "cli/arguments/manual_page.h"
#include "cli/arguments/model_path.h"
#include "cli/arguments/usage_errors.h"
#include "cli/output/output.h"
#include "cli/output/pending_file.h"
#include "cli/output/table.h"
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
    Verb{"live", "Watch a camera or a video with its answers drawn", add_live},
    Verb{"evaluate", "Measure a model against annotations: top-1/5, COCO AP, mIoU", add_evaluate},
    Verb{"features", "Write feature vectors or maps of pictures as .npz", add_features},
    Verb{"index", "Gather pictures into an index, to search it", add_index},
    Verb{"search", "Find the pictures of an index that look like others", add_search},
    Verb{"teach", "Make a classifier of your own from folders of pictures", add_teach},
    Verb{"run", "Raw tensors in, raw tensors out (.npy, .npz)", add_run},
    Verb{"info", "Show a model and all that was decided about it, and why", add_info},
    Verb{"bench", "Measure the time of a network", add_bench},
    Verb{"convert", "Write a model as the project's own .safetensors", add_convert},
    Verb{"models", "List the models that have a name: bundled, fetched, or to be had", add_models},
    Verb{"get", "Fetch models that have a name", add_get},
};

std::vector<std::string> names_of_verbs() {
  std::vector<std::string> names;
  for (const Verb& verb : kVerbs) names.emplace_back(verb.name);
  return names;
}

std::string version_text() {
  std::string text = "mobilenet " + std::string(version()) + " (commit " + std::string(commit()) + ")\n";
  Table parts({Align::left, Align::left});
  for (const Component& part : components()) {
    parts.row({std::string(part.name), part.version.empty() ? "not built in" : std::string(part.version)});
  }
  text += "components:\n" + parts.text(2);
  Table table({Align::left, Align::left});
  for (const DeviceInfo& device : devices()) {
    const Result<std::string> hardware = hardware_of(device.device);
    table.row({std::string(device.name), hardware ? *hardware : "cannot be used: " + hardware.error().message});
  }
  text += "devices:\n" + table.text(2);
  std::vector<std::string> names;
  for (const std::string_view name : cpu_instruction_sets()) names.emplace_back(name);
  return text + "instruction sets of this machine, best first: " + join(names, ", ") + '\n';
}

void add_shell_option(CLI::App& app, std::string& shell) {
  const std::vector<std::string> shells = {"bash", "zsh", "fish"};
  CLI::Option* const option = add_text(app, "shell", shell, "bash, zsh or fish", "SHELL");
  require(option);
  check(option, [shells](const std::string& text) {
    const bool known = std::find(shells.begin(), shells.end(), text) != shells.end();
    return known ? "" : "'" + text + "' is not one of " + join(shells, ", ");
  });
  offer(option, [shells] { return std::vector<std::string>(shells); });
  set_footer(app,
             "An installation brings these files along. Without one, for this session or in a startup file of the "
             "shell:\n"
             "\n"
             "Examples:\n"
             "  source <(mobilenet completion bash)\n"
             "  mobilenet completion zsh > ~/.zfunc/_mobilenet   # a folder of $fpath\n"
             "  mobilenet completion fish > ~/.config/fish/completions/mobilenet.fish");
}

int usage_error(const CLI::App& app, const std::string& sentence) {
  std::string command = "mobilenet";
  for (const CLI::App* verb : app.get_subcommands()) command += ' ' + verb->get_name();
  say(sentence);
  say("`" + command + " --help` shows how it is used");
  return kUsageError;
}

// `mobilenet help COMMAND`: what most programs understand.
int show_help(const CLI::App& app, const std::string& overview, const std::string& command) {
  if (command.empty()) {
    print(overview);
    return kSuccess;
  }
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_name() != command) continue;
    print(verb->help("mobilenet"));
    return kSuccess;
  }
  return usage_error(app, no_command(app, command));
}

int show_manual(const CLI::App& app) {
  print(manual_page(describe_command_line(app)));
  return kSuccess;
}

int show_completion(const CLI::App& app, const std::string& shell) {
  const CommandLineText text = describe_command_line(app);
  print(shell == "bash" ? bash_completion(text) : shell == "zsh" ? zsh_completion(text) : fish_completion(text));
  return kSuccess;
}

int show_version() {
  print(version_text());
  return kSuccess;
}

int run_program(int argc, char** argv) {
  CLI::App app{"mobilenet: MobileNet V1 and V2 on pictures and tensors, from " + model_endings("and") +
                   " files.\n"
                   "Without --model the bundled models classify, detect and segment.",
               "mobilenet"};
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("-V,--version", version_text, "Version, components and instruction sets");
  app.require_subcommand(0, 1);
  format_help(app);
  app.footer(
      "Examples:\n"
      "  mobilenet classify photo.jpg\n"
      "  mobilenet detect -o found.png street.jpg\n"
      "  mobilenet segment --mask masks/ holiday/\n"
      "  mobilenet classify --model mobilenet_v2.tflite --json holiday/ > answers.jsonl\n"
      "  mobilenet info mobilenet_v2.tflite\n"
      "  mobilenet get ssd_mobilenet_v1\n"
      "  mobilenet detect -m ssd_mobilenet_v1 street.jpg\n"
      "\n"
      "MOBILENET_MODEL names the model that runs when --model does not; MOBILENET_CPU_ISA the instruction set to use "
      "at "
      "most, out of those that --version lists. `mobilenet COMMAND --help` shows a command's options and more "
      "examples.");

  std::vector<std::pair<const CLI::App*, Work>> work;
  for (const Verb& verb : kVerbs) {
    CLI::App& subcommand = *app.add_subcommand(verb.name, verb.description)->group("Commands");
    work.emplace_back(&subcommand, verb.add(subcommand));
    refuse_empty_values(subcommand);
  }
  std::string overview, command, shell;
  bool manual = false;
  CLI::App& completion =
      *app.add_subcommand("completion", "Print what bash, zsh or fish need to complete commands")->group("Commands");
  add_shell_option(completion, shell);
  work.emplace_back(&completion, [&] { return show_completion(app, shell); });
  CLI::App& help = *app.add_subcommand("help", "Show this help, or a command's")->group("Commands");
  offer(help.add_option("command", command, "The command")->type_name(""), [] { return names_of_verbs(); });
  add_flag(help, "--man", manual, "The manual page of all commands, for man");
  work.emplace_back(&help, [&] { return manual ? show_manual(app) : show_help(app, overview, command); });
  work.emplace_back(app.add_subcommand("version", "The same as --version")->group("Commands"), show_version);
  overview = app.help();  // once a command is parsed, help() speaks of that

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return kSuccess;
  } catch (const CLI::CallForVersion& request) {
    print(request.what());
    return kSuccess;
  } catch (const CLI::ParseError& error) {
    return usage_error(app, usage_sentence(app, error));
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
  remove_pending_files_when_interrupted();
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
