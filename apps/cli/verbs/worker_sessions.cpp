// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/worker_sessions.h"

#include <algorithm>
#include <utility>

namespace mobilenet::cli {

WorkerSessions::WorkerSessions(const Model& model, const SessionOptions& options, Session& first, std::size_t groups)
    : first_(first) {
  const auto threads = static_cast<std::size_t>(first.threads());
  const std::size_t workers = std::min(groups, threads);
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
