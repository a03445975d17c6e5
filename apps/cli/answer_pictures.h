// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What the verbs that answer about pictures share: batches, bad pictures, progress, output and the exit code.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/session.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/picture_loader.h"

namespace mobilenet::cli {

// Computes the pictures together and stores what is to be printed about each; answers[i] belongs to pictures[i].
using AnswerPictures = std::function<Result<void>(
    std::span<const ImageView> views, std::span<LoadedPicture* const> pictures, std::span<std::string* const> answers)>;

// Goes through all pictures of the command line and prints their answers in order. A bad picture gets its error, as
// JSON where `json` asks for it, and makes the exit code 1. `done`: what happened to the good ones ("classified").
int answer_pictures(const PictureArguments& pictures, bool json, std::string_view done, const AnswerPictures& answer);

// One sentence about what runs where, for people.
void say_what_runs(const Model& model, const Session& session);

// image, task, model, backend, precision, isa, milliseconds: the keys that every answer begins with. Times of a batch
// are shared out evenly.
Json answer_head(const LoadedPicture& picture, std::string_view task, const Model& model, const Session& session,
                 std::size_t batch);

}  // namespace mobilenet::cli
