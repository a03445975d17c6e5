// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The model that the vectors of an index come from, which new vectors must come from too.

#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/search.h>
#include <mobilenet/session.h>

#include <string>

#include "cli/arguments/model_choice.h"

namespace mobilenet::cli {

// The one that -m names, else the index at `path`, which then becomes the choice. It takes pictures.
Result<Model> open_model_of(const SearchIndex& index, const std::string& path, ModelChoice& choice);

// Fails where the session, of layer index.source().layer, makes something else of a picture that is always the same.
Result<void> check_same_model(const SearchIndex& index, const std::string& path, const ModelInfo& info,
                              Session& session);

}  // namespace mobilenet::cli
