// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// A table from operator types to what a backend has for them. An operator without a row cannot run there.

#include <array>
#include <cstddef>
#include <initializer_list>
#include <type_traits>
#include <variant>

#include "network/ops.h"

namespace mobilenet {

// Which alternative of Op the type is.
template <class Operator>
inline constexpr std::size_t kOperator = []<class... All>(std::type_identity<std::variant<All...>>) {
  std::size_t index = 0;
  bool found = false;
  ((found = found || std::is_same_v<Operator, All>, index += found ? 0 : 1), ...);
  return index;
}(std::type_identity<Op>());

template <class Entry>
class OperatorTable {
 public:
  struct Row {
    std::size_t type;  // kOperator<Conv2dOp>
    Entry entry;
  };
  constexpr OperatorTable(std::initializer_list<Row> rows) noexcept {
    for (const Row& row : rows) entries_[row.type] = row.entry;
  }
  // Entry() where there is no row.
  constexpr const Entry& operator[](const Op& op) const { return entries_[op.index()]; }

 private:
  std::array<Entry, std::variant_size_v<Op>> entries_{};
};

}  // namespace mobilenet
