// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/verbs/picture_run.h"

#include <mobilenet/threads.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "cli/output/output.h"
#include "cli/pictures/ordered_work.h"
#include "cli/pictures/picture_batch.h"

namespace mobilenet::cli {

Result<void> run_pictures(PictureLoader& loader, WorkerSessions& sessions, std::size_t batch, const PictureWork& work) {
  struct Group {
    std::vector<LoadedPicture> pictures;
    Result<void> computed;
  };
  std::vector<Group> groups(slots_of(sessions.size()));
  std::optional<Error> failure;
  const auto take = [&](std::size_t slot) {
    groups[slot].pictures = loader.take(batch);
    return !groups[slot].pictures.empty();
  };
  const auto compute = [&](std::size_t worker, std::size_t slot) {
    Group& group = groups[slot];
    loader.load(group.pictures);
    if (work.begin) work.begin(slot, group.pictures);
    group.computed =
        compute_group(group.pictures, [&](std::span<const ImageView> views, std::span<LoadedPicture* const> pictures) {
          return work.compute(slot, sessions[worker], views, pictures);
        });
    // Many pictures wait for their turn; nobody needs their pixels any more.
    for (LoadedPicture& picture : group.pictures) picture.image.reset();
  };
  const auto deliver = [&](std::size_t slot) {
    if (groups[slot].computed) return work.deliver(slot, groups[slot].pictures);
    failure = groups[slot].computed.error();
    return false;
  };
  do_in_order(sessions.size(), {take, compute, deliver});
  if (failure) return *failure;
  return {};
}

void report_bad(const LoadedPicture& picture, bool json) {
  if (json) {
    print_json({{"image", picture.name}, {"error", picture.error}});
  } else {
    say(picture.error);
  }
}

std::size_t count_groups(std::span<const PictureSource> pictures, std::size_t batch) {
  std::size_t count = 0;
  for (const PictureSource& picture : pictures) {
    if (picture.name == kStandardInput && picture.error.empty()) return static_cast<std::size_t>(kMostThreads);
    count += picture.done ? 0 : 1;
  }
  return (count + batch - 1) / batch;
}

}  // namespace mobilenet::cli
