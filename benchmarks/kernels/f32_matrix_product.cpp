// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// f32_matrix_product SHAPES: the float32 matrix product on one thread, every instruction set of this machine, for the
// sizes in benchmarks/shapes/pointwise.txt. Every product is checked before it is timed. Weights and pixels are warm,
// so this is what the kernel can do, not what a network sees.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "backend/cpu/kernels/kernel_set.h"
#include "base/aligned_buffer.h"

namespace {

using mobilenet::AlignedBuffer;
using mobilenet::cpu::GemmKernels;
using mobilenet::cpu::GemmProblem;

struct Size {
  int rows, depth, columns, layers;
};

float a_value(int row, int k) { return static_cast<float>((row * 7 + k * 3) % 13) * 0.125f - 0.75f; }
float b_value(int k, int column) { return static_cast<float>((k * 5 + column * 11) % 17) * 0.0625f - 0.5f; }

class Product {
 public:
  Product(const GemmKernels& kernels, const Size& size)
      : kernels_(kernels),
        panels_((size.columns + kernels.panel_columns - 1) / kernels.panel_columns),
        a_(floats(size.rows, size.depth)),
        b_(floats(size.depth, panels_ * kernels.panel_columns)),
        bias_(floats(1, panels_ * kernels.panel_columns)),
        out_(floats(size.rows, size.columns)) {
    const int width = kernels.panel_columns;
    for (int row = 0; row < size.rows; ++row)
      for (int k = 0; k < size.depth; ++k) a_.as<float>()[row * size.depth + k] = a_value(row, k);
    for (int column = 0; column < size.columns; ++column)
      for (int k = 0; k < size.depth; ++k)
        b_.as<float>()[(column / width * size.depth + k) * width + column % width] = b_value(k, column);
    problem_.a = a_.as<float>();
    problem_.b = b_.as<float>();
    problem_.bias = bias_.as<float>();
    problem_.out = out_.as<float>();
    problem_.a_stride = problem_.depth = size.depth;
    problem_.out_stride = problem_.columns = size.columns;
    problem_.rows = size.rows;
    problem_.low = -HUGE_VALF;
    problem_.high = HUGE_VALF;
  }

  // In the order that a network uses: weights stay in the cache while pixels pass, or the other way round.
  void run() const {
    const auto multiply = problem_.rows > 512 ? kernels_.rows_first : kernels_.panels_first;
    multiply(problem_, kernels_.tile_rows, 0, problem_.rows, 0, panels_);
  }

  bool right() const {
    for (int row = 0; row < problem_.rows; row += 1 + problem_.rows / 7)
      for (int column = 0; column < problem_.columns; ++column) {
        double sum = 0, magnitude = 0;
        for (int k = 0; k < problem_.depth; ++k) {
          const double term = static_cast<double>(a_value(row, k)) * static_cast<double>(b_value(k, column));
          sum += term;
          magnitude += std::abs(term);
        }
        const double got = static_cast<double>(problem_.out[row * problem_.out_stride + column]);
        if (!(std::abs(got - sum) <= 1e-5 * magnitude)) return false;
      }
    return true;
  }

 private:
  static AlignedBuffer floats(int rows, int columns) {
    return AlignedBuffer(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) * sizeof(float));
  }

  const GemmKernels& kernels_;
  int panels_;
  AlignedBuffer a_, b_, bias_, out_;
  GemmProblem problem_;
};

// Seconds of every one of `runs` runs, shortest first.
std::vector<double> times_of(const Product& product, int runs) {
  std::vector<double> seconds;
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    product.run();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

}  // namespace

int main(int count, char** arguments) {
  std::ifstream file(count == 2 ? arguments[1] : "");
  if (!file) return std::cerr << "usage: f32_matrix_product benchmarks/shapes/pointwise.txt\n", 2;
  std::vector<Size> sizes;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Size size{};
    if (words >> size.rows >> size.depth >> size.columns >> size.layers) sizes.push_back(size);
  }
  std::printf("%-12s %22s %10s %10s %9s\n", "isa", "pixels x in x out", "min us", "median us", "GFLOP/s");
  for (const mobilenet::cpu::KernelSet& kernels : mobilenet::cpu::runnable_kernels())
    for (const Size& size : sizes) {
      const std::string name(kernels.isa);
      const Product product(*kernels.f32_gemm, size);
      product.run();
      if (!product.right()) return std::cerr << name << ": wrong product\n", 1;
      const std::vector<double> seconds = times_of(product, 51);
      const double operations = 2.0 * size.rows * size.depth * size.columns;
      std::printf("%-12s %8d x %4d x %4d %10.1f %10.1f %9.1f\n", name.c_str(), size.rows, size.depth, size.columns,
                  seconds[0] * 1e6, seconds[seconds.size() / 2] * 1e6, operations / seconds[0] * 1e-9);
    }
}
