// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/pictures/picture_batch.h"

#include <vector>

namespace mobilenet::cli {

Result<void> compute_group(std::span<LoadedPicture> group, const ComputeBatch& compute) {
  std::vector<ImageView> views;
  std::vector<LoadedPicture*> pictures;
  for (LoadedPicture& picture : group) {
    if (!picture.image) continue;
    views.push_back(picture.image->view());
    pictures.push_back(&picture);
  }
  if (views.empty()) return {};
  if (views.size() > 1 && compute(views, pictures)) return {};
  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto computed = compute(std::span(views).subspan(i, 1), std::span(pictures).subspan(i, 1));
    if (computed) continue;
    if (computed.error().code == ErrorCode::unsupported) return computed.error();
    pictures[i]->fail(pictures[i]->name + ": " + computed.error().message);
  }
  return {};
}

}  // namespace mobilenet::cli
