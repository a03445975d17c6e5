// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Matrix products of rows that become bf16 first: text that a kernel file includes inside its namespace, behind
//
//   void round_rows(const GemmProblem&, int begin, int end);  // to the front of the problem's scratch
//   struct Product;                                           // of gemm-inl.h
//   constexpr PanelLayout kLayout;

// The same product of rounded rows, begin..end of the problem's.
GemmProblem of_rounded_rows(const GemmProblem& problem, int begin, int end) {
  GemmProblem rounded_rows = problem;
  rounded_rows.a_stride = static_cast<std::ptrdiff_t>(bf16_row_bytes(problem.depth) / sizeof(float));
  if (problem.a_is_bf16 && Product::kRowStep == 1) {  // else they have to be interleaved, too
    rounded_rows.a += begin * rounded_rows.a_stride;
  } else {
    round_rows(problem, begin, end);
    rounded_rows.a = reinterpret_cast<const float*>(problem.scratch);
  }
  rounded_rows.out = problem.out_at(begin * problem.out_stride);
  if (problem.residual != nullptr) rounded_rows.residual += begin * problem.out_stride;
  rounded_rows.depth = (problem.depth + kLayout.group - 1) / kLayout.group;
  return rounded_rows;
}

void bf16_rows_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                     int panel_end) {
  for (int row = row_begin, rows = 0; row < row_end; row += rows) {
    rows = rows_of_tile(row_end - row, tile_rows, Product::kRowStep);
    rows_first<Product>(of_rounded_rows(problem, row, row + rows), tile_rows, 0, rows, panel_begin, panel_end);
  }
}

void bf16_panels_first(const GemmProblem& problem, int tile_rows, int row_begin, int row_end, int panel_begin,
                       int panel_end) {
  panels_first<Product>(of_rounded_rows(problem, row_begin, row_end), tile_rows, 0, row_end - row_begin, panel_begin,
                        panel_end);
}
