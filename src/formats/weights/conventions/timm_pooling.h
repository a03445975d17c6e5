// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// timm's global_pool: what makes a row of the last map.

#include <mobilenet/result.h>

#include "formats/weights/convention.h"
#include "json/json_value.h"

namespace mobilenet {

// Sets the pooling as `config` says, or as the classifier's width tells. Null: there is no configuration.
Result<void> decide_timm_pooling(const JsonValue* config, const NamedWeights& weights, WeightsReading& reading);

}  // namespace mobilenet
