// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// Kernel files are compiled once per Highway target (targets.h) and define one table of kernels in the namespace of
// each. Their headers declare the tables with this; lists (compiled_rows.h) put them into their rows.

// Declares N_AVX2::name and its like.
#define MOBILENET_PER_TARGET(Table, name) \
  namespace N_SCALAR {                    \
  extern const Table name;                \
  }                                       \
  namespace N_SSE4 {                      \
  extern const Table name;                \
  }                                       \
  namespace N_AVX2 {                      \
  extern const Table name;                \
  }                                       \
  namespace N_AVX3 {                      \
  extern const Table name;                \
  }                                       \
  namespace N_NEON {                      \
  extern const Table name;                \
  }
