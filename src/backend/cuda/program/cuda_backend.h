// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

#include <mobilenet/result.h>

#include "backend/backend.h"

namespace mobilenet::cuda {

// Lives forever; or why there is no GPU to compute on.
Result<const Backend*> cuda_backend();

}  // namespace mobilenet::cuda
