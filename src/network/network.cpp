// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "network/network.h"

namespace mobilenet {

TensorId Network::find(std::string_view name) const {
  for (const std::vector<Layer>* list : {&layers, &aliases})
    for (const Layer& layer : *list)
      if (layer.name == name) return layer.tensor;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (!tensors[i].is_constant() && tensors[i].name == name) return static_cast<TensorId>(i);
  return kNoTensor;
}

const Node* Network::producer(TensorId tensor) const {
  for (const Node& node : nodes)
    if (node.output == tensor) return &node;
  return nullptr;
}

}  // namespace mobilenet
