// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Who belongs to whom, so that all together gain most: the assignment problem of H. W. Kuhn's Hungarian method, solved
// by shortest augmenting paths (R. Jonker and A. Volgenant, 1987), where nobody has to belong to anybody.

#include <cstddef>
#include <span>
#include <vector>

namespace mobilenet::live {

class Assignment {
 public:
  static constexpr int kNone = -1;

  // The column of each row, or kNone: pairs whose gains have the largest sum. Pairs that gain nothing, 0 or less, stay
  // apart. `gains`: [rows][columns], finite. Takes rows * rows * columns steps at most, and some rows * columns where
  // few gains are positive. Valid until the next call, which allocates only for more rows or columns than before.
  std::span<const int> solve(std::size_t rows, std::size_t columns, std::span<const double> gains);

 private:
  void assign(int root, std::span<const double> gains);

  struct Column {
    double price = 0;     // what its row forgoes, as others want it
    double distance = 0;  // of the shortest path from the root found so far
    int from = 0;         // the row before it on that path
    int row = kNone;      // whose it is
    bool reached = false;
  };
  std::vector<int> column_of_;  // of each row
  std::vector<double> value_;   // of each row: what it gains at the prices of columns, 0 or more, negated
  std::vector<Column> columns_;
  std::vector<int> reached_;  // columns on shortest paths, nearest first
};

}  // namespace mobilenet::live
