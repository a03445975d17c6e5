// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Pictures as batches: one that does not fit spoils only itself.

#include <mobilenet/image.h>
#include <mobilenet/result.h>

#include <functional>
#include <span>

#include "cli/pictures/picture_loader.h"

namespace mobilenet::cli {

// Computes the answers of these pictures together; pictures[i] belongs to views[i].
using ComputeBatch =
    std::function<Result<void>(std::span<const ImageView> views, std::span<LoadedPicture* const> pictures)>;

// Computes the good pictures of a group as one batch. When that fails they are tried one by one, and those that fail
// alone become bad pictures with the error's sentence. An error that no picture is to blame for (unsupported: what the
// network needs is not there) is returned.
Result<void> compute_group(std::span<LoadedPicture> group, const ComputeBatch& compute);

}  // namespace mobilenet::cli
