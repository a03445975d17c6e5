// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Threads of the library serve whoever comes, so they must not stay what the one was who started them: pinned to its
// core, in its scheduling class, as nice as it is, woken by its signals.

#include <csignal>

namespace mobilenet {

// The caller gets the main thread's affinity.
void follow_main_thread();

// The caller gets the main thread's affinity and niceness, the usual scheduling class, and the name "mobilenet".
void become_neutral();

// Signals are the program's business and go to its own threads: those started meanwhile block all of them.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace mobilenet
