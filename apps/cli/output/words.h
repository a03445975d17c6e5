// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Words for people: numbers with their nouns, the word that somebody meant, lines that fit into a terminal.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mobilenet::cli {

// "1 picture", "2 pictures".
std::string counted(std::size_t count, std::string_view noun);

// In lower case, as far as letters are ASCII.
std::string lower_case(std::string_view text);

// The candidate that is nearest to a word that may hold a slip or two of the finger, in upper or lower case.
std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> candidates);
// "; did you mean NEAREST?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

// Paragraphs in lines of at most `width` characters, broken between words. A paragraph ends at an empty line; lines
// that begin with a blank stay as they are.
std::string wrapped(std::string_view text, std::size_t width);

}  // namespace mobilenet::cli
