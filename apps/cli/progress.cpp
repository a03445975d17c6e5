// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/progress.h"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>

#include "cli/table.h"

namespace mobilenet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kManyOnTerminal = 10;  // fewer are over before anybody reads the line
constexpr std::size_t kManyElsewhere = 100;  // a log file wants no line for a short list
constexpr auto kRedrawEvery = std::chrono::milliseconds(100);
constexpr auto kPlainLineEvery = std::chrono::seconds(10);

void write_to_standard_error(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

Progress::Progress(std::size_t total, AnswersGo answers, bool quiet)
    : total_(total), start_(Clock::now()), last_(start_) {
  if (quiet) return;
  if (isatty(STDERR_FILENO) == 1) {
    const bool scrolls = answers == AnswersGo::to_standard_output && isatty(STDOUT_FILENO) == 1;
    if (total >= kManyOnTerminal && !scrolls) style_ = Style::redrawn;
  } else if (total >= kManyElsewhere) {
    style_ = Style::plain;
  }
}

void Progress::advance(std::size_t pictures) {
  done_ += pictures;
  if (style_ == Style::silent) return;
  const auto now = Clock::now();
  const bool due = now - last_ >= (style_ == Style::redrawn ? Clock::duration(kRedrawEvery) : kPlainLineEvery);
  const bool missing = style_ == Style::redrawn && !drawn_;
  if (!due && !missing && (done_ < total_ || style_ == Style::plain)) return;
  last_ = now;
  const std::string text = progress_text(done_, total_, std::chrono::duration<double>(now - start_).count());
  if (style_ == Style::redrawn) {
    write_to_standard_error("\r\033[K" + text);
    drawn_ = true;
  } else {
    write_to_standard_error(text + '\n');
  }
}

void Progress::clear() {
  if (drawn_) write_to_standard_error("\r\033[K");
  drawn_ = false;
}

std::string progress_text(std::size_t done, std::size_t total, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const int percent =
      total > 0 ? static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total)) : 100;
  std::array<char, 64> front{};
  std::snprintf(front.data(), front.size(), "%3d %%  %zu/%zu", percent, done, total);
  std::string text = front.data();
  if (rate <= 0) return text;
  text += "  " + fixed(rate, 1) + " pictures/s";
  const double left = std::ceil(static_cast<double>(total > done ? total - done : 0) / rate);
  if (left > 359'999) return text;  // beyond 99 hours nobody wants the digits
  const int whole = static_cast<int>(left);
  std::array<char, 64> time{};
  if (whole >= 3600) {
    std::snprintf(time.data(), time.size(), "  %d:%02d:%02d left", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(time.data(), time.size(), "  %d:%02d left", whole / 60, whole % 60);
  }
  return text + time.data();
}

}  // namespace mobilenet::cli
