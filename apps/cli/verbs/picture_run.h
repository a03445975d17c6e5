// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// All pictures of a command on their way through its sessions: decoded, computed and delivered, several at once.

#include <mobilenet/image.h>
#include <mobilenet/result.h>
#include <mobilenet/session.h>

#include <cstddef>
#include <functional>
#include <span>

#include "cli/pictures/picture_loader.h"
#include "cli/verbs/worker_sessions.h"

namespace mobilenet::cli {

// What is made of a group of pictures is kept by slot, a number below slots_of(sessions.size()).
struct PictureWork {
  // Of good pictures, together; views[i] is that of pictures[i], which are among the group's. On several threads, each
  // with a session of its own.
  std::function<Result<void>(std::size_t slot, Session& session, std::span<const ImageView> views,
                             std::span<LoadedPicture* const> pictures)>
      compute;
  // The whole group, whose pictures have no pixels any more, on the caller's thread and in the order of the list.
  // False: no more.
  std::function<bool(std::size_t slot, std::span<LoadedPicture> pictures)> deliver;
  // Before compute(), also of groups without a good picture. May be empty.
  std::function<void(std::size_t slot, std::span<LoadedPicture> pictures)> begin = {};
};

// In groups of up to `batch` pictures. Fails when no picture is to blame (see compute_group()).
Result<void> run_pictures(PictureLoader& loader, WorkerSessions& sessions, std::size_t batch, const PictureWork& work);

// Says what is wrong with a bad picture: a line for programs, else a sentence on standard error.
void report_bad(const LoadedPicture& picture, bool json);

// How many groups there will be; many when standard input brings pictures.
std::size_t count_groups(std::span<const PictureSource> pictures, std::size_t batch);

}  // namespace mobilenet::cli
