// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// matrix_product SHAPES: the matrix product of floats and of bf16 on one thread, every instruction set, for the
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
#include "base/half.h"

namespace {

using mobilenet::AlignedBuffer;
using mobilenet::cpu::GemmKernels;
using mobilenet::cpu::GemmProblem;

struct Size {
  int rows, depth, columns, layers;
};

// Few bits each: bf16 holds them, too.
float a_value(int row, int k) { return static_cast<float>((row * 7 + k * 3) % 13) * 0.125f - 0.75f; }
float b_value(int k, int column) { return static_cast<float>((k * 5 + column * 11) % 17) * 0.0625f - 0.5f; }

class Product {
 public:
  Product(const GemmKernels& kernels, const Size& size)
      : kernels_(kernels),
        panels_((size.columns + kernels.layout.columns - 1) / kernels.layout.columns),
        a_(floats(size.rows, size.depth)),
        b_(floats(kernels.layout.packed_depth(size.depth), panels_ * kernels.layout.columns)),
        bias_(floats(1, panels_ * kernels.layout.columns)),
        out_(floats(size.rows, size.columns)),
        scratch_(kernels.scratch_bytes == nullptr ? 0 : kernels.scratch_bytes(size.rows, size.depth)) {
    const int packed_depth = kernels.layout.packed_depth(size.depth);
    for (int row = 0; row < size.rows; ++row)
      for (int k = 0; k < size.depth; ++k) a_.as<float>()[row * size.depth + k] = a_value(row, k);
    for (int column = 0; column < size.columns; ++column)
      for (int k = 0; k < size.depth; ++k) {
        const std::ptrdiff_t place = kernels.layout.place(k, column, packed_depth);
        if (kernels.layout.group == 1)
          b_.as<float>()[place] = b_value(k, column);
        else
          b_.as<std::uint16_t>()[place] = mobilenet::float_to_bf16(b_value(k, column));
      }
    problem_.a = a_.as<float>();
    problem_.b = b_.as<float>();
    problem_.bias = bias_.as<float>();
    problem_.out = out_.as<float>();
    problem_.scratch = scratch_.data();
    problem_.a_stride = problem_.depth = size.depth;
    problem_.packed_depth = packed_depth;
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
        const double got = static_cast<double>(out_.as<float>()[row * problem_.out_stride + column]);
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
  AlignedBuffer a_, b_, bias_, out_, scratch_;
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
  if (!file) return std::cerr << "usage: matrix_product benchmarks/shapes/pointwise.txt\n", 2;
  std::vector<Size> sizes;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Size size{};
    if (words >> size.rows >> size.depth >> size.columns >> size.layers) sizes.push_back(size);
  }
  std::printf("%-12s %-4s %22s %10s %10s %9s\n", "isa", "type", "pixels x in x out", "min us", "median us", "GFLOP/s");
  for (const mobilenet::cpu::KernelSet& kernels : mobilenet::cpu::runnable_kernels())
    for (const GemmKernels* gemm : {kernels.f32_gemm, kernels.bf16_gemm}) {
      if (gemm == nullptr) continue;
      const char* const type = gemm == kernels.f32_gemm ? "f32" : "bf16";
      double network = 0;
      for (const Size& size : sizes) {
        const std::string name(kernels.isa);
        const Product product(*gemm, size);
        product.run();
        if (!product.right()) return std::cerr << name << " " << type << ": wrong product\n", 1;
        const std::vector<double> seconds = times_of(product, 51);
        const double operations = 2.0 * size.rows * size.depth * size.columns;
        std::printf("%-12s %-4s %8d x %4d x %4d %10.1f %10.1f %9.1f\n", name.c_str(), type, size.rows, size.depth,
                    size.columns, seconds[0] * 1e6, seconds[seconds.size() / 2] * 1e6, operations / seconds[0] * 1e-9);
        network += seconds[0] * size.layers;
      }
      std::printf("%-12s %-4s all layers %.3f ms\n", std::string(kernels.isa).c_str(), type, network * 1e3);
    }
  return 0;
}
