// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The answer ends on the host: what a session runs where the backend does not claim them.

#include <mobilenet/result.h>

#include <memory>
#include <span>

#include "backend/backend.h"
#include "base/workers.h"

namespace mobilenet {

class HostAnswer {
 public:
  virtual ~HostAnswer() = default;

  // `outputs`: the tensors that the end names, in the order of its fields, [batch, ...] in host memory. `pictures`: one
  // per image of the batch. Fails where the network's scores are not numbers. Allocates nothing once its tables have
  // grown to the largest picture. Rows of a mask are shared out to the workers.
  virtual Result<RawAnswers> run(std::span<const TensorMemory> outputs, std::span<const PictureCall> pictures,
                                 const Workers& workers) = 0;
};

// The tensors that an end reads, in the order that HostAnswer takes them.
std::vector<TensorId> tensors_of(const AnswerEnd& end);

// For outputs of the types and shapes of `outputs`, whose data is not looked at. `input`: the shape of the network's
// input. Null where there is no end.
Result<std::unique_ptr<HostAnswer>> host_answer(const AnswerEnd& end, const Network& network, const Shape& input,
                                                std::span<const TensorMemory> outputs);

}  // namespace mobilenet
