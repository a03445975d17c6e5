// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A known model brought into the folder of fetched models, whole and checked, or not at all.

#include <mobilenet/result.h>

#include <filesystem>

#include "cli/models/known_models.h"

namespace mobilenet::cli {

struct Fetched {
  std::filesystem::path path;
  bool was_there = false;  // with the right sha256
};

// What comes is kept as FILE.partial until it is complete, so that the next call goes on where one was cut off; while
// one process fetches a model another waits. A file whose sha256 is not the model's is thrown away.
// `stall_seconds`: gives up a server that is silent for so long.
Result<Fetched> fetch(const KnownModel& model, int stall_seconds);

}  // namespace mobilenet::cli
