// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/output/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "cli/output/output.h"
#include "cli/output/table.h"
#include "cli/output/words.h"

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

// A terminal that understands "back to the start of the line" and "erase the rest of it".
bool can_redraw() {
  const char* const terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && *terminal != '\0' && std::string_view(terminal) != "dumb";
}

std::size_t terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// "105 pictures", "1.5 MB"; "105" where the noun stands behind anyway.
std::string amount_text(std::size_t amount, std::string_view noun, bool with_noun) {
  if (noun == kByte) return bytes_text(amount);
  return with_noun ? counted(amount, noun) : std::to_string(amount);
}

std::string rate_text(double rate, std::string_view noun) {
  if (noun == kByte) return bytes_text(static_cast<std::uint64_t>(rate)) + "/s";
  return fixed(rate, 1) + ' ' + std::string(noun) + "s/s";
}

}  // namespace

Progress::Progress(std::size_t total, AnswersGo answers, std::string_view noun)
    : noun_(noun), total_(total), start_(Clock::now()), last_(start_) {
  const bool many = total == 0;
  if (is_quiet()) return;
  if (can_redraw()) {
    const bool scrolls = answers == AnswersGo::to_standard_output && isatty(STDOUT_FILENO) == 1;
    if ((many || total >= kManyOnTerminal) && !scrolls) style_ = Style::redrawn;
  } else if (many || total >= kManyElsewhere) {
    style_ = Style::plain;
  }
}

void Progress::advance(std::size_t pictures) {
  done_ += pictures;
  if (style_ == Style::silent) return;
  const auto now = Clock::now();
  const bool due = now - last_ >= (style_ == Style::redrawn ? Clock::duration(kRedrawEvery) : kPlainLineEvery);
  const bool missing = style_ == Style::redrawn && !drawn_;
  if (!due && !missing && (done_ != total_ || style_ == Style::plain)) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  if (style_ == Style::redrawn) {
    // A line that is as wide as the terminal would already scroll it; the width may change at any time.
    write_to_standard_error("\r\033[K" + progress_text(done_, total_, seconds, terminal_columns() - 1, noun_));
    drawn_ = true;
  } else {
    write_to_standard_error(progress_text(done_, total_, seconds, 80, noun_) + '\n');
  }
}

void Progress::clear() {
  if (drawn_) write_to_standard_error("\r\033[K");
  drawn_ = false;
}

std::string progress_text(std::size_t done, std::size_t total, double seconds, std::size_t columns,
                          std::string_view noun) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const bool known = total > 0 && done <= total;
  std::array<char, 64> part{};
  std::vector<std::string> parts;
  if (known) {
    std::snprintf(part.data(), part.size(), "%3d %%",
                  static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total)));
    parts.emplace_back(part.data());
    parts.push_back("  " + amount_text(done, noun, false) + '/' + amount_text(total, noun, false));
  } else {
    parts.push_back(amount_text(done, noun, true));
  }
  if (rate > 0) {
    parts.push_back("  " + rate_text(rate, noun));
    const double left = std::ceil(static_cast<double>(known ? total - done : 0) / rate);
    if (known && left <= 359'999) {  // beyond 99 hours nobody wants the digits
      const int whole = static_cast<int>(left);
      if (whole >= 3600) {
        std::snprintf(part.data(), part.size(), "  %d:%02d:%02d left", whole / 3600, whole / 60 % 60, whole % 60);
      } else {
        std::snprintf(part.data(), part.size(), "  %d:%02d left", whole / 60, whole % 60);
      }
      parts.emplace_back(part.data());
    }
  }
  std::string text;
  for (const std::string& next : parts) {
    if (text.size() + next.size() > columns) break;
    text += next;
  }
  return text;
}

}  // namespace mobilenet::cli
