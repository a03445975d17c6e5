// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "live/assignment.h"

#include <limits>

namespace mobilenet::live {

std::span<const int> Assignment::solve(std::size_t rows, std::size_t columns, std::span<const double> gains) {
  column_of_.assign(rows, kNone);
  value_.assign(rows, 0);
  columns_.assign(columns, {});
  for (std::size_t row = 0; row < rows; ++row) assign(static_cast<int>(row), gains);
  for (std::size_t row = 0; row < rows; ++row)
    if (column_of_[row] != kNone && gains[row * columns + column_of_[row]] <= 0) column_of_[row] = kNone;
  return column_of_;
}

// Gives `root` a column, or leaves one row on the way without. Costs are negative gains, so the best change is the
// shortest path along which rows hand on their columns (Dijkstra, over costs reduced by values and prices). It ends at
// a column that is free, or at a row that gives its own away for nothing: a cost of 0.
void Assignment::assign(int root, std::span<const double> gains) {
  for (Column& column : columns_) {
    column.distance = std::numeric_limits<double>::infinity();
    column.reached = false;
  }
  reached_.clear();
  double end = std::numeric_limits<double>::infinity();  // the distance to the best end so far
  int last_row = kNone, last_column = kNone;             // a row that ends without a column, or the free column
  double walked = 0;
  for (int row = root;;) {
    if (walked - value_[row] < end) {
      end = walked - value_[row];
      last_row = row;
    }
    const double* const gain = gains.data() + row * columns_.size();
    int nearest = kNone;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      Column& column = columns_[i];
      if (column.reached) continue;
      const double distance = walked - gain[i] - value_[row] - column.price;
      if (distance < column.distance) {
        column.distance = distance;
        column.from = row;
      }
      if (nearest == kNone || column.distance < columns_[nearest].distance) nearest = static_cast<int>(i);
    }
    if (nearest == kNone || columns_[nearest].distance >= end) break;
    walked = columns_[nearest].distance;
    if (columns_[nearest].row == kNone) {
      end = walked;
      last_column = nearest;
      break;
    }
    columns_[nearest].reached = true;
    reached_.push_back(nearest);
    row = columns_[nearest].row;
  }

  // Prices move so that every pair that stays or comes costs nothing, and none less.
  value_[root] += end;
  for (const int i : reached_) {
    value_[columns_[i].row] += end - columns_[i].distance;
    columns_[i].price -= end - columns_[i].distance;
  }

  // Along the path, from its end to the root, every row takes the column behind it.
  if (last_column == kNone) {
    if (last_row == root) return;
    last_column = column_of_[last_row];
    column_of_[last_row] = kNone;
  }
  for (int column = last_column;;) {
    const int row = columns_[column].from;
    const int given_away = column_of_[row];
    columns_[column].row = row;
    column_of_[row] = column;
    if (row == root) return;
    column = given_away;
  }
}

}  // namespace mobilenet::live
