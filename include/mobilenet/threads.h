// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Whose threads a Session computes on: the library's, which all sessions of a process share, or the application's own.

namespace mobilenet {

inline constexpr int kMostThreads = 1024;  // of one session
inline constexpr int kUsualSpin = 50;      // microseconds that a thread of the library stays awake when it waits

// An adapter to a thread pool, written by the application. It must outlive the sessions that use it, and may serve
// several of them at once.
class Executor {
 public:
  virtual ~Executor() = default;

  // How many threads may help a session, its caller included; at least 1.
  virtual int threads() const = 0;

  // Calls task(context, index) once for every index in 0..count-1 and returns when all calls have returned. They may
  // run in any order, at the same time or one after the other, on any threads: no call waits for one that has not
  // begun. What each wrote must be seen by the caller afterwards. Called, with count <= threads(), once a run for the
  // network, once for every large picture and once for a mask; and once when a session compiles: when it is made, and
  // for a batch or input size that is new to it.
  virtual void parallel_for(int count, void (*task)(void* context, int index), void* context) = 0;
};

}  // namespace mobilenet
