// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/worker_sessions.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace mobilenet::cli {
namespace {

// Each worker holds pictures in memory, so that more than the machine has processors are worth nothing; a few are
// always allowed.
constexpr std::size_t kLeastWorkers = 8;

std::size_t processors() { return std::thread::hardware_concurrency(); }

}  // namespace

WorkerSessions::WorkerSessions(const Model& model, const SessionOptions& options, Session& first, std::size_t groups)
    : first_(first) {
  const auto threads = static_cast<std::size_t>(first.threads());
  const std::size_t workers = std::min({groups, threads, std::max(kLeastWorkers, processors())});
  if (workers < 2) return;
  SessionOptions share = options;
  share.threads = static_cast<int>(threads / workers);
  for (std::size_t i = 0; i < workers; ++i) {
    auto session = model.session(share);
    if (!session) break;
    more_.push_back(*std::move(session));
  }
}

}  // namespace mobilenet::cli
