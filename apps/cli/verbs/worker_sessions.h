// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Sessions for several threads that each compute pictures of their own: that way decoding, resizing, the network,
// drawing and encoding of different pictures overlap, and no thread waits for another's seams.

#include <mobilenet/model.h>
#include <mobilenet/session.h>

#include <cstddef>
#include <vector>

namespace mobilenet::cli {

class WorkerSessions {
 public:
  // One for each of so many groups of pictures, at most one for each thread of `first`, among which its threads are
  // shared out. One group has `first` alone, and so has all where no more sessions can be had (the memory of a GPU).
  WorkerSessions(const Model& model, const SessionOptions& options, Session& first, std::size_t groups);

  std::size_t size() const { return more_.empty() ? 1 : more_.size(); }
  Session& operator[](std::size_t worker) { return more_.empty() ? first_ : more_[worker]; }

 private:
  Session& first_;
  std::vector<Session> more_;
};

}  // namespace mobilenet::cli
