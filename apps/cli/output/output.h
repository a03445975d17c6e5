// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The two streams of the program: answers on standard output, sentences for people on standard error. A full disk is
// remembered and becomes the exit code; a reader that closed its pipe ends the program quietly.

#include <mobilenet/result.h>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace mobilenet::cli {

using Json = nlohmann::ordered_json;  // keys stay in the order they were given

// Call once, before any output: a closed pipe and a file size limit become write errors instead of signals.
void prepare_output();

void print(std::string_view text);
// One object on one line; bytes that are no UTF-8 (file names may hold any) become U+FFFD.
std::string json_line(const Json& object);
// json_line(), and whoever reads the pipe gets it now.
void print_json(const Json& object);
void flush_output();
// False once standard output cannot be written; verbs then stop early.
bool output_works();
// Flushes, says what went wrong if anything did, and returns the exit code: `status`, or 1 for a failed write.
int finish_output(int status);

// "mobilenet: sentence" on standard error: what went wrong.
void say(std::string_view sentence);
// The same for what is good to know; not after be_quiet(), with which only errors are said.
void note(std::string_view sentence);
void be_quiet();
bool is_quiet();
// say(), and the exit code: 1.
int fail(std::string_view sentence);
// The same for an error that stops a command: 2 where the command line asks for what cannot be (invalid_argument).
int fail(const Error& error);
// say(), and the exit code of a wrong command line.
int misuse(std::string_view sentence);

// Text of unknown origin made safe for a terminal: control characters and bytes that are no UTF-8 become '?'.
std::string printable(std::string_view text);

// A float as the shortest decimal number that stands for it, so that JSON says 0.82 and not 0.8199999928474426.
double shortest(float value);
// Rounded to whole microseconds.
double milliseconds(double value);

}  // namespace mobilenet::cli
