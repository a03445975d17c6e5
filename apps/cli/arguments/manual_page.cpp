// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/manual_page.h"

#include <mobilenet/version.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace mobilenet::cli {
namespace {

struct Entry {
  std::string_view term;
  std::string_view text;
};

constexpr std::array kEnvironment = {
    Entry{"MOBILENET_MODEL", "The model that runs where --model names none: all that --model may be."},
    Entry{"MOBILENET_CACHE", "The folder of fetched models."},
    Entry{"MOBILENET_MODELS",
          "A JSON file with the models that have a name, in place of the built-in list: a mirror, or models of your "
          "own."},
    Entry{"MOBILENET_CPU_ISA", "The instruction set to use at most, out of those that --version lists."},
    Entry{"MOBILENET_CUDA_DEVICE", "The number of the GPU to use, of several."},
    Entry{"https_proxy, no_proxy", "How models are fetched where there is no direct way; see curl(1)."},
};

constexpr std::array kFiles = {
    Entry{"~/.cache/mobilenet/",
          "Fetched models, where neither MOBILENET_CACHE nor XDG_CACHE_HOME names another folder. NAME.partial is one "
          "whose download was cut off; the next get goes on from there. All may be removed at any time."},
};

constexpr std::array kExitStatus = {
    Entry{"0", "All well."},
    Entry{"1", "A model, a picture or another file was bad, exists already, could not be written, or not be fetched."},
    Entry{"2", "The command line asks for what cannot be."},
};

// Text for roff: dashes that can be copied, no escapes, and no requests at the beginnings of lines.
std::string escaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool begins_line = i == 0 || text[i - 1] == '\n';
    if (begins_line && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string bold(std::string_view text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + escaped(text) + "\\fR"; }

template <std::size_t kCount>
std::string entries(const std::array<Entry, kCount>& list) {
  std::string text;
  for (const Entry& entry : list) text += ".TP\n" + bold(entry.term) + '\n' + escaped(entry.text) + '\n';
  return text;
}

// Paragraphs; lines that begin with a blank as they are.
std::string paragraphs(std::string_view text) {
  std::string result;
  bool as_is = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool stays = line.starts_with(' ');
    if (stays != as_is) result += stays ? ".PP\n.nf\n.RS 2\n" : ".RE\n.fi\n";
    as_is = stays;
    if (line.empty()) {
      result += ".PP\n";
    } else {
      result += escaped(line.substr(std::min(line.find_first_not_of(' '), line.size()))) + '\n';
    }
  }
  return result + (as_is ? ".RE\n.fi\n" : "");
}

std::string option_text(const OptionText& option) {
  std::string term;
  for (const std::string& name : option.names) term += (term.empty() ? "" : ", ") + bold(name);
  if (option.names.empty()) {
    term = italic(option.argument);
  } else if (!option.type.empty()) {
    term += ' ' + italic(option.type);
  }
  return ".TP\n" + term + '\n' + escaped(option.description) + (option.required ? " (required)" : "") + '\n';
}

// Every command has it: once is enough.
bool is_help(const OptionText& option) {
  return std::find(option.names.begin(), option.names.end(), "--help") != option.names.end();
}

// "mobilenet detect [options] pictures..."
std::string synopsis(const CommandText& command) {
  std::string text = bold("mobilenet " + command.name) + " [" + italic("options") + ']';
  for (const OptionText& option : command.options)
    if (!option.argument.empty()) text += ' ' + italic(option.argument) + (option.type == "..." ? "..." : "");
  return text;
}

std::string command_text(const CommandText& command) {
  std::string text =
      ".SS " + escaped(command.name) + "\n" + synopsis(command) + "\n.PP\n" + escaped(command.description) + ".\n";
  for (const OptionText& option : command.options)
    if (!is_help(option)) text += option_text(option);
  if (!command.footer.empty()) text += ".PP\n" + paragraphs(command.footer);
  return text;
}

}  // namespace

std::string manual_page(const CommandLineText& program) {
  std::string text = ".TH MOBILENET 1 \"\" \"mobilenet " + std::string(version()) + "\" \"User Commands\"\n";
  text += ".SH NAME\nmobilenet \\- classify pictures, find objects in them, and say what every pixel shows\n";
  text += ".SH SYNOPSIS\n" + bold("mobilenet") + ' ' + italic("command") + " [" + italic("options") + "] [" +
          italic("arguments") + "]\n";
  text += ".SH DESCRIPTION\n" + escaped(program.program.description) + "\n";
  for (const CommandText& command : program.commands)
    text += ".TP\n" + bold(command.name) + '\n' + escaped(command.description) + ".\n";
  text += ".SH OPTIONS\n";
  for (const OptionText& option : program.program.options) text += option_text(option);
  text += ".SH COMMANDS\n";
  for (const CommandText& command : program.commands) text += command_text(command);
  text += ".SH ENVIRONMENT\n" + entries(kEnvironment);
  text += ".SH FILES\n" + entries(kFiles);
  text += ".SH EXIT STATUS\n" + entries(kExitStatus);
  return text;
}

}  // namespace mobilenet::cli
