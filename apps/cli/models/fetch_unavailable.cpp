// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/models/fetch.h"
#include "cli/models/model_cache.h"

// Without libcurl or libcrypto.

namespace mobilenet::cli {

Result<Fetched> fetch(const KnownModel& model, int) {
  auto place = place_of(model);
  if (!place) return place.error();
  if (is_in_place(model)) return Fetched{*std::move(place), true};
  return Error{ErrorCode::unsupported,
               "this build fetches nothing (no libcurl): fetch " + model.address + " by other means, and copy " +
                   (model.member.empty() ? "it" : model.member + " in it") + " to " + place->string()};
}

}  // namespace mobilenet::cli
