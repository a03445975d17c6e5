// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/open_session.h"

#include <algorithm>
#include <string>
#include <thread>

#include "cli/output/output.h"
#include "cli/output/words.h"

namespace mobilenet::cli {
namespace {

// The smallest size that MobileNets are published at. The last maps have a 32nd of the input's sides, so that at 96
// there are 3x3 places left, and below 64 one.
constexpr int kSmallestSide = 96;

void note_size(const ModelInfo& info, const SessionOptions& options) {
  const int side = std::min(options.input_height, options.input_width);
  if (side == 0 || side >= std::min({kSmallestSide, info.input_height, info.input_width})) return;
  note("an input of " + std::to_string(options.input_height) + 'x' + std::to_string(options.input_width) +
       " pixels is too small for this network, which is made for " + std::to_string(info.input_height) + 'x' +
       std::to_string(info.input_width) + ": its answers mean little");
}

}  // namespace

void note_threads(const SessionOptions& options) {
  const unsigned int cores = std::thread::hardware_concurrency();
  if (cores == 0 || options.threads <= static_cast<int>(cores)) return;
  note(std::to_string(options.threads) + " threads share " + counted(cores, "processor") +
       ", which is slower than one thread each");
}

void note_random_weights(const ModelInfo& info) {
  if (info.format == "random weights") note(info.source + " has random weights: its answers mean nothing");
}

void note_guesses(const ModelInfo& info) {
  for (const Decision& decision : info.decisions)
    if (decision.is_guess) note(decision.what + ": " + decision.why);
}

Result<Session> open_session(const Model& model, const SessionOptions& options) {
  auto session = model.session(options);
  if (!session) {
    Error error = session.error();
    if (error.code == ErrorCode::not_found) error.code = ErrorCode::invalid_argument;
    return error;
  }
  note_random_weights(model.info());
  note_size(model.info(), options);
  note_threads(options);
  return session;
}

void say_what_runs(const Model& model, const Session& session) {
  note(model.info().source + " on " + std::string(session.device()) + " (" + std::string(session.isa()) + ", " +
       std::string(name_of(session.precision())) + ", threads: " + std::to_string(session.threads()) + ")");
}

}  // namespace mobilenet::cli
