// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A session as the command line asks for it, and a word about what its answers are worth.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/session.h>

namespace mobilenet::cli {

// Notes random weights, an input size at which the network sees nothing, and more threads than the machine has cores.
// Names of layers and tensors that the model lacks are a wrong command line (invalid_argument).
Result<Session> open_session(const Model& model, const SessionOptions& options);

// Notes more threads than the machine has processors.
void note_threads(const SessionOptions& options);

// Notes that the answers of random weights mean nothing.
void note_random_weights(const ModelInfo& info);

// Notes what is a guess about the pictures, which makes answers plausible and wrong.
void note_guesses(const ModelInfo& info);

// One sentence about what runs where, for people.
void say_what_runs(const Model& model, const Session& session);

}  // namespace mobilenet::cli
