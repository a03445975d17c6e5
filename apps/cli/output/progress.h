// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// How far a long list of pictures, or a video, is, on standard error: one line that redraws itself on a terminal, a
// plain line now and then elsewhere. Silent when asked, for short lists, and where the answers already scroll over the
// same terminal.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace mobilenet::cli {

enum class AnswersGo { to_standard_output, to_a_file };

inline constexpr std::string_view kByte = "byte";  // this noun is counted in kB and MB

class Progress {
 public:
  // `total` pictures lie ahead, or frames of a video, whose number may be a guess; 0: nobody knows.
  Progress(std::size_t total, AnswersGo answers, std::string_view noun = "picture");
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::size_t pictures);
  // Takes the line off the terminal, so that something else can be said; the next advance() brings it back.
  void clear();

 private:
  enum class Style { silent, redrawn, plain };

  std::string_view noun_;
  Style style_ = Style::silent;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

// " 42 %  105/250  88.1 pictures/s  0:02 left", or as much of it as fits into so many columns. Of an unknown total, or
// one that was too low: "105 pictures  88.1 pictures/s". Of bytes: " 42 %  1.5 MB/3.6 MB  2.1 MB/s  0:01 left".
std::string progress_text(std::size_t done, std::size_t total, double seconds, std::size_t columns = 80,
                          std::string_view noun = "picture");

}  // namespace mobilenet::cli
