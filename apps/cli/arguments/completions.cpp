// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/arguments/completions.h"

#include <algorithm>
#include <string_view>

#include "cli/output/table.h"

namespace mobilenet::cli {
namespace {

constexpr std::size_t kDescription = 72;  // menus of shells have one line

// The beginning of a sentence, up to a word's end.
std::string shortened(const std::string& text) {
  if (text.size() <= kDescription) return text;
  return text.substr(0, text.rfind(' ', kDescription - 3)) + "...";
}

// Names of options, arguments and words are letters, digits and "-_.:", so only descriptions need care.
std::string without(std::string text, std::string_view unwanted) {
  std::erase_if(text, [&](char c) { return unwanted.find(c) != std::string_view::npos; });
  return text;
}

std::vector<std::string> names_of_commands(const CommandLineText& program) {
  std::vector<std::string> names;
  for (const CommandText& command : program.commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> names_of_options(const CommandText& command) {
  std::vector<std::string> names;
  for (const OptionText& option : command.options) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

// The words of a command that belong to no option; null: it has none.
const OptionText* argument_of(const CommandText& command) {
  const auto found = std::find_if(command.options.begin(), command.options.end(),
                                  [](const OptionText& option) { return !option.argument.empty(); });
  return found == command.options.end() ? nullptr : &*found;
}

// ---- bash

// What `words` and `files` are set to.
std::string bash_offer(const OptionText& option) {
  return "words='" + join(option.words, " ") + "' files=" + (option.files ? "yes" : "no");
}

// "    'detect -m' | 'detect --model') words='...' files=yes ;;"
std::string bash_case(const std::string& command, const OptionText& option) {
  std::string patterns;
  for (const std::string& name : option.names)
    patterns.append(patterns.empty() ? "'" : " | '").append(command).append(" ").append(name).append("'");
  return "    " + patterns + ") " + bash_offer(option) + " ;;\n";
}

// ---- zsh

// In single quotes, between the brackets of _arguments.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : without(shortened(text), "'\\`\"$")) {
    if (c == '[' || c == ']' || c == ':') result += '\\';
    result += c;
  }
  return result;
}

// ":FILE:_files", what comes behind the option's description.
std::string zsh_value(const OptionText& option) {
  if (option.type.empty() && option.argument.empty()) return {};
  const std::string label = option.type.empty() || option.type == "..." ? option.argument : option.type;
  const std::string words = join(option.words, " ");
  if (option.files) return ":" + label + ":" + (words.empty() ? "_files" : "{compadd -- " + words + "; _files}");
  return ":" + label + ":" + (words.empty() ? " " : '(' + words + ')');
}

// One line for every name; each rules out the others, unless the option may be repeated.
std::string zsh_option(const OptionText& option) {
  std::string lines;
  for (const std::string& name : option.names) {
    const std::string sign = option.type.empty() ? "" : name.starts_with("--") ? "=" : "+";
    const std::string others = option.repeats ? "*" : '(' + join(option.names, " ") + ')';
    lines.append("          '").append(others).append(name).append(sign).append("[");
    lines.append(zsh_text(option.description)).append("]").append(zsh_value(option)).append("' \\\n");
  }
  return lines;
}

std::string zsh_argument(const OptionText& option) {
  return "          '" + std::string(option.type == "..." ? "*" : "1") + zsh_value(option) + "' \\\n";
}

// ---- fish

std::string fish_text(const std::string& text) { return '\'' + without(shortened(text), "'\\") + '\''; }

// What may stand for the value: words, files, or what nobody can guess.
std::string fish_value(const OptionText& option) {
  if (option.type.empty()) return {};
  std::string text = option.files ? " -r -F" : " -x";
  if (!option.words.empty()) text += " -a '" + join(option.words, " ") + '\'';
  return text;
}

std::string fish_option(const std::string& condition, const OptionText& option) {
  std::string line = "complete -c mobilenet -n '" + condition + '\'';
  for (const std::string& name : option.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  return line + fish_value(option) + " -d " + fish_text(option.description) + '\n';
}

}  // namespace

std::string bash_completion(const CommandLineText& program) {
  std::string text =
      "# Completion of mobilenet for bash, made by `mobilenet completion bash`.\n"
      "_mobilenet() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= words= files=no i\n"
      "  COMPREPLY=()\n"
      "  # --option=value comes as three words.\n"
      "  if [[ $current == = ]]; then\n"
      "    current=\n"
      "  elif [[ $before == = ]]; then\n"
      "    before=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }\n"
      "  done\n"
      "  case \"$command $before\" in\n";
  for (const CommandText& command : program.commands)
    for (const OptionText& option : command.options)
      if (!option.names.empty() && !option.type.empty()) text += bash_case(command.name, option);
  text +=
      "    *)\n"
      "      case $command in\n"
      "        '')\n"
      "          words='" +
      join(names_of_commands(program), " ") +
      "'\n"
      "          if [[ $current == -* ]]; then words='" +
      join(names_of_options(program.program), " ") + "'; fi ;;\n";
  for (const CommandText& command : program.commands) {
    text += "        " + command.name + ")\n          if [[ $current == -* ]]; then words='" +
            join(names_of_options(command), " ") + "'";
    if (const OptionText* const argument = argument_of(command)) text += "; else " + bash_offer(*argument);
    text += "; fi ;;\n";
  }
  text +=
      "      esac ;;\n"
      "  esac\n"
      "  if [[ -n $words ]]; then mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\"); fi\n"
      "  if [[ $files == yes ]]; then\n"
      "    mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- \"$current\")\n"
      "    compopt -o filenames 2>/dev/null\n"
      "  fi\n"
      "  return 0\n"
      "}\n"
      "complete -F _mobilenet mobilenet\n";
  return text;
}

std::string zsh_completion(const CommandLineText& program) {
  std::string text =
      "#compdef mobilenet\n"
      "# Completion of mobilenet for zsh, made by `mobilenet completion zsh`.\n"
      "_mobilenet() {\n"
      "  local context state state_descr line\n"
      "  typeset -A opt_args\n"
      "  local -a commands=(\n";
  for (const CommandText& command : program.commands)
    text += "    '" + command.name + ':' + zsh_text(command.description) + "'\n";
  text += "  )\n  _arguments -C \\\n";
  for (const OptionText& option : program.program.options) text += zsh_option(option);
  text +=
      "          '1:command:->command' \\\n"
      "          '*::argument:->argument'\n"
      "  case $state in\n"
      "    command) _describe command commands ;;\n"
      "    argument)\n"
      "      case $words[1] in\n";
  for (const CommandText& command : program.commands) {
    text += "        " + command.name + ")\n          _arguments -S \\\n";
    for (const OptionText& option : command.options) text += zsh_option(option);
    if (const OptionText* const argument = argument_of(command)) text += zsh_argument(*argument);
    text.resize(text.size() - 3);  // " \\\n"
    text += " ;;\n";
  }
  text +=
      "      esac ;;\n"
      "  esac\n"
      "}\n"
      "_mobilenet \"$@\"\n";
  return text;
}

std::string fish_completion(const CommandLineText& program) {
  std::string text =
      "# Completion of mobilenet for fish, made by `mobilenet completion fish`.\n"
      "complete -c mobilenet -f\n";
  for (const OptionText& option : program.program.options) text += fish_option("__fish_use_subcommand", option);
  for (const CommandText& command : program.commands) {
    text += "complete -c mobilenet -n '__fish_use_subcommand' -a " + command.name + " -d " +
            fish_text(command.description) + '\n';
  }
  for (const CommandText& command : program.commands) {
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    for (const OptionText& option : command.options)
      if (!option.names.empty()) text += fish_option(condition, option);
    const OptionText* const argument = argument_of(command);
    if (argument == nullptr) continue;
    if (argument->files) text += "complete -c mobilenet -n '" + condition + "' -F\n";
    if (!argument->words.empty())
      text += "complete -c mobilenet -n '" + condition + "' -a '" + join(argument->words, " ") + "'\n";
  }
  return text;
}

}  // namespace mobilenet::cli
