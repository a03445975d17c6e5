// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// From raw boxes and scores to detections, as postprocess/detection.cpp does it, for all pictures at once. Three
// kernels: every anchor by itself; a suppression, the best box first, by a block of threads; where there is one for
// each class, the best of all. What decides an order or a comparison is rounded as on the host, so that the same boxes
// stay.
#include "backend/cuda/kernels/answer_arguments.h"
#include "backend/cuda/kernels/numbers.cuh"
#include "backend/cuda/kernels/reductions.cuh"

namespace mobilenet::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kSuppressThreads = 512;
constexpr int kEach = kHeldCandidates / kSuppressThreads;  // candidates that a thread has in registers

// Stored numbers as real ones: scale * (stored - zero).
__device__ inline float real(Address tensor, Stored type, std::int64_t index, float scale, std::int32_t zero) {
  const float stored = load(tensor, type, index);
  return type == Stored::f32 || type == Stored::f16 ? stored : __fmul_rn(scale, stored - static_cast<float>(zero));
}

// Of a class, by the place of the anchor in the batch.
__device__ inline float raw_score(const DetectionArguments& a, std::int64_t place, int class_index) {
  return real(a.scores, a.scores_type, place * a.columns + a.columns - a.classes + class_index, a.scores_scale,
              a.scores_zero);
}

__device__ inline float probability(const DetectionArguments& a, float score, const SoftmaxRow& row) {
  if (a.function == kIdentity) return score;
  if (a.function == kSigmoidScores) return rounded_sigmoid(score);
  return static_cast<float>(exp(static_cast<double>(__fsub_rn(score, row.largest))) / row.sum);
}
__device__ inline float probability(const DetectionArguments& a, std::int64_t place, int class_index) {
  SoftmaxRow row{};
  if (a.function == kSoftmaxScores) row = reinterpret_cast<const SoftmaxRow*>(a.softmax)[place];
  return probability(a, raw_score(a, place, class_index), row);
}

__device__ inline float threshold(const DetectionArguments& a, int class_index) {
  return a.thresholds != 0 ? reinterpret_cast<const float*>(a.thresholds)[class_index] : a.score_threshold;
}
__device__ inline bool is_wanted(const DetectionArguments& a, int class_index) {
  return a.wanted == 0 || reinterpret_cast<const float*>(a.wanted)[class_index] != 0;
}

// x: top, y: left, z: bottom, w: right. In double, as TensorFlow Lite decodes.
__device__ inline float4 decode(const DetectionArguments& a, const float (&encoded)[4], int anchor) {
  const float4 box = reinterpret_cast<const float4*>(a.anchor_boxes)[anchor];
  const double height = box.z, width = box.w;
  const double y = static_cast<double>(encoded[0]) / static_cast<double>(a.coder_y),
               x = static_cast<double>(encoded[1]) / static_cast<double>(a.coder_x);
  const double h = static_cast<double>(encoded[2]) / static_cast<double>(a.coder_height),
               w = static_cast<double>(encoded[3]) / static_cast<double>(a.coder_width);
  const auto centre_y = static_cast<float>(__dadd_rn(__dmul_rn(y, height), static_cast<double>(box.x)));
  const auto centre_x = static_cast<float>(__dadd_rn(__dmul_rn(x, width), static_cast<double>(box.y)));
  const auto half_height = static_cast<float>(0.5 * exp(h) * height);
  const auto half_width = static_cast<float>(0.5 * exp(w) * width);
  return make_float4(centre_y - half_height, centre_x - half_width, centre_y + half_height, centre_x + half_width);
}

// Of std::min and std::max, whatever NaNs there are.
__device__ inline float smaller(float a, float b) { return b < a ? b : a; }
__device__ inline float larger(float a, float b) { return a < b ? b : a; }

__device__ inline float intersection_over_union(const float4& a, const float4& b) {
  const float area_a = __fmul_rn(a.z - a.x, a.w - a.y), area_b = __fmul_rn(b.z - b.x, b.w - b.y);
  if (!(area_a > 0) || !(area_b > 0)) return 0;
  const float height = larger(smaller(a.z, b.z) - larger(a.x, b.x), 0);
  const float width = larger(smaller(a.w, b.w) - larger(a.y, b.y), 0);
  const float intersection = __fmul_rn(height, width);
  if (!(intersection > 0)) return 0;  // no threshold is lower
  return __fdiv_rn(intersection, __fsub_rn(__fadd_rn(area_a, area_b), intersection));
}

// What is kept of a picture, best first: keys of score and anchor, and their classes.
struct Kept {
  const Key* keys;
  const std::int32_t* classes;  // null: the best of the anchor
  int count;
};
__device__ inline int class_of(const DetectionArguments& a, const Kept& kept, int i, std::int64_t image) {
  if (kept.classes != nullptr) return kept.classes[i];
  return reinterpret_cast<const std::int32_t*>(a.best)[image * a.anchors + index_of(kept.keys[i])];
}

// Boxes that are not finite are none to show, and give their place to the next.
__device__ inline void write_answer(const DetectionArguments& a, const Kept& kept, std::int64_t image) {
  __shared__ int of_warp[32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
  auto* const found = reinterpret_cast<FoundBox*>(a.found) + image * a.most_found;
  const auto* const decoded = reinterpret_cast<const float4*>(a.decoded) + image * a.anchors;
  int written = 0;
  for (int first = 0; first < kept.count && written < a.most_found; first += blockDim.x) {
    const int i = first + threadIdx.x;
    float4 box{};
    bool shown = i < kept.count;
    if (shown) {
      box = decoded[index_of(kept.keys[i])];
      shown = isfinite(box.x) && isfinite(box.y) && isfinite(box.z) && isfinite(box.w);
    }
    const unsigned lanes = __ballot_sync(kAllLanes, shown);
    if (lane == 0) of_warp[warp] = __popc(lanes);
    __syncthreads();
    int place = written + __popc(lanes & ((1u << lane) - 1));
    for (int other = 0; other < warps; ++other) {
      if (other < warp) place += of_warp[other];
      written += of_warp[other];
    }
    if (shown && place < a.most_found) {
      const Key key = kept.keys[i];
      const auto anchor = static_cast<std::int32_t>(index_of(key));
      found[place] = {box.x, box.y, box.z, box.w, anchor, class_of(a, kept, i, image), score_of(key)};
    }
    __syncthreads();
  }
  bool broken = false;
  for (int anchor = threadIdx.x; anchor < a.anchors; anchor += blockDim.x)
    broken = broken || reinterpret_cast<const unsigned char*>(a.broken)[image * a.anchors + anchor] != 0;
  broken = __syncthreads_or(broken ? 1 : 0) != 0;
  if (threadIdx.x == 0)
    reinterpret_cast<FoundBoxes*>(a.found_all)[image] = {written < a.most_found ? written : a.most_found,
                                                         broken ? 1 : 0};
}

// The outputs of a DetectionPostProcessOp. Where an anchor answers several classes, a warp finds its best: of equal
// scores the lower class, where the runtime leaves it to std::partial_sort.
__device__ inline void write_outputs(const DetectionArguments& a, const Kept& kept, std::int64_t image) {
  const std::int64_t first = image * a.rows;
  const int lane = threadIdx.x % 32;
  for (int row = threadIdx.x; row < a.rows; row += blockDim.x) {
    for (int side = 0; side < 4; ++side) store(a.out_boxes, a.out_boxes_type, (first + row) * 4 + side, 0);
    store(a.out_classes, a.out_classes_type, first + row, 0);
    store(a.out_scores, a.out_scores_type, first + row, 0);
  }
  if (threadIdx.x == 0) store(a.out_counts, a.out_counts_type, image, static_cast<float>(kept.count));
  __syncthreads();
  const int of_anchor = a.classes_of_anchor < a.classes ? a.classes_of_anchor : a.classes;
  for (int i = threadIdx.x / 32; i < kept.count; i += blockDim.x / 32) {
    const std::int64_t place = image * a.anchors + index_of(kept.keys[i]);
    const float4 box = reinterpret_cast<const float4*>(a.decoded)[place];
    const float sides[4] = {box.x, box.y, box.z, box.w};
    Key limit = ~Key{0};
    for (int k = 0; k < of_anchor; ++k) {
      int class_index = class_of(a, kept, i, image);
      float score = score_of(kept.keys[i]);
      if (a.classes_of_anchor > 1) {
        Key best = 0;
        for (int c = lane; c < a.classes; c += 32) {
          const float own = probability(a, place, c);
          if (isnan(own)) continue;
          if (const Key key = key_of(own, static_cast<unsigned>(c)); key < limit && key > best) best = key;
        }
        limit = largest_of_warp(best);
        if (limit == 0) break;
        class_index = static_cast<int>(index_of(limit)), score = score_of(limit);
      }
      if (lane != 0) continue;
      const std::int64_t row = first + static_cast<std::int64_t>(i) * a.classes_of_anchor + k;
      for (int side = 0; side < 4; ++side) store(a.out_boxes, a.out_boxes_type, row * 4 + side, sides[side]);
      store(a.out_classes, a.out_classes_type, row, static_cast<float>(class_index));
      store(a.out_scores, a.out_scores_type, row, score);
    }
  }
}

__device__ inline void write_kept(const DetectionArguments& a, const Kept& kept, std::int64_t image) {
  if (a.found != 0)
    write_answer(a, kept, image);
  else
    write_outputs(a, kept, image);
}

// One anchor behind its scores.
struct Ranked {
  Key best = 0;  // of the raw scores, with the class
  SoftmaxRow softmax{};
  bool broken = false;
};
__device__ inline Ranked rank_scores(const DetectionArguments& a, std::int64_t place) {
  const int lane = threadIdx.x % 32, background = a.columns - a.classes;
  const auto column = [&](int c) {
    return real(a.scores, a.scores_type, place * a.columns + c, a.scores_scale, a.scores_zero);
  };
  Ranked ranked;
  float largest = -INFINITY;
  for (int c = lane; c < a.columns; c += 32) {
    const float score = column(c);
    ranked.broken = ranked.broken || isnan(score);
    largest = Larger()(largest, score);
    if (c >= background) ranked.best = Larger()(ranked.best, key_of(score, static_cast<unsigned>(c - background)));
  }
  if (a.function == kSoftmaxScores) {
    ranked.softmax.largest = over_warp(largest, Larger());
    double sum = 0;
    for (int c = lane; c < a.columns; c += 32)
      sum += exp(static_cast<double>(__fsub_rn(column(c), ranked.softmax.largest)));
    ranked.softmax.sum = over_warp(sum, Sum());
  }
  ranked.best = largest_of_warp(ranked.best);
  ranked.broken = __any_sync(kAllLanes, ranked.broken) != 0;
  return ranked;
}

__device__ inline void write_anchor(const DetectionArguments& a, std::int64_t place, const Ranked& ranked) {
  const auto anchor = static_cast<int>(place % a.anchors);
  bool broken = ranked.broken;
  float encoded[4];
  for (int side = 0; side < 4; ++side) {
    encoded[side] = real(a.boxes, a.boxes_type, place * 4 + side, a.boxes_scale, a.boxes_zero);
    broken = broken || isnan(encoded[side]);
  }
  reinterpret_cast<float4*>(a.decoded)[place] = decode(a, encoded, anchor);
  reinterpret_cast<unsigned char*>(a.broken)[place] = broken ? 1 : 0;
  if (a.function == kSoftmaxScores) reinterpret_cast<SoftmaxRow*>(a.softmax)[place] = ranked.softmax;
  if (a.is_per_class != 0) return;
  const auto class_index = static_cast<int>(index_of(ranked.best));
  const float score = probability(a, raw_score(a, place, class_index), ranked.softmax);
  reinterpret_cast<std::int32_t*>(a.best)[place] = class_index;
  reinterpret_cast<Key*>(a.ranked)[place] =
      score >= threshold(a, class_index) ? key_of(score, static_cast<unsigned>(anchor)) : 0;
}

// A suppression by the block's threads.
struct Suppression {
  const DetectionArguments& a;
  std::int64_t image;
  int list;
  const float4* decoded;  // of the image
  Key* listed;
  int count = 0;

  // 0: the anchor is no candidate.
  __device__ Key candidate(int anchor) const {
    if (a.is_per_class == 0) return reinterpret_cast<const Key*>(a.ranked)[image * a.anchors + anchor];
    const float score = probability(a, image * a.anchors + anchor, list);
    return score >= threshold(a, list) ? key_of(score, static_cast<unsigned>(anchor)) : 0;
  }
  // What nobody wants suppresses all the same.
  __device__ void keep(Key key) {
    if (a.is_per_class == 0 && a.wanted != 0 &&
        !is_wanted(a, reinterpret_cast<const std::int32_t*>(a.best)[image * a.anchors + index_of(key)]))
      return;
    if (threadIdx.x == 0) listed[count] = key;
    ++count;
  }
};

// Of up to kHeldCandidates, whose keys lie in `keys`; a thread has its own in registers.
__device__ inline void suppress_held(Suppression& work, const Key* keys, int candidates) {
  __shared__ Key best_keys[2][32];
  __shared__ float4 best_boxes[2][32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  Key own[kEach];
  float4 boxes[kEach];
#pragma unroll
  for (int k = 0; k < kEach; ++k) {
    const int i = k * kSuppressThreads + static_cast<int>(threadIdx.x);
    own[k] = i < candidates ? keys[i] : 0;
    boxes[k] = own[k] != 0 ? work.decoded[index_of(own[k])] : float4{};
  }
  for (int round = 0; work.count < work.a.of_list; ++round) {
    Key best = own[0];
    float4 box = boxes[0];
#pragma unroll
    for (int k = 1; k < kEach; ++k)
      if (own[k] > best) best = own[k], box = boxes[k];
    const Key of_warp = largest_of_warp(best);
    if (best == of_warp && (best != 0 || lane == 0)) {
      best_keys[round % 2][warp] = best;
      best_boxes[round % 2][warp] = box;
    }
    __syncthreads();
    const Key of_lane = lane < kSuppressThreads / 32 ? best_keys[round % 2][lane] : 0;
    const Key chosen = largest_of_warp(of_lane);
    if (chosen == 0) break;
    box = best_boxes[round % 2][__ffs(static_cast<int>(__ballot_sync(kAllLanes, of_lane == chosen))) - 1];
    work.keep(chosen);
#pragma unroll
    for (int k = 0; k < kEach; ++k)
      if (own[k] == chosen || (own[k] != 0 && intersection_over_union(box, boxes[k]) > work.a.iou_threshold))
        own[k] = 0;
  }
}

// Of any number; `live` [anchors] has a key for each candidate.
__device__ inline void suppress_live(Suppression& work, Key* live) {
  __shared__ Key parts[2][32];
  const int anchors = work.a.anchors;
  Key best = 0;
  for (int anchor = threadIdx.x; anchor < anchors; anchor += kSuppressThreads) best = Larger()(best, live[anchor]);
  for (int round = 0; work.count < work.a.of_list; ++round) {
    const Key chosen = largest_of_block(best, parts[round % 2]);
    if (chosen == 0) break;
    const auto anchor = static_cast<int>(index_of(chosen));
    work.keep(chosen);
    const float4 box = work.decoded[anchor];
    best = 0;
    for (int other = threadIdx.x; other < anchors; other += kSuppressThreads) {
      const Key key = live[other];
      if (key == 0) continue;
      if (other == anchor || intersection_over_union(box, work.decoded[other]) > work.a.iou_threshold)
        live[other] = 0;
      else
        best = Larger()(best, key);
    }
  }
}

}  // namespace

// A warp has some anchors, whose scores it reads one after the other: their boxes, what a softmax needs of them, and
// for a single suppression their best classes.
extern "C" __global__ void __launch_bounds__(kThreads) rank_anchors(const __grid_constant__ DetectionArguments a) {
  let_next_kernel_start();
  wait_for_kernel_before();
  const int lane = threadIdx.x % 32;
  const std::int64_t all = static_cast<std::int64_t>(a.images) * a.anchors;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * (kThreads / 32) * a.together;
  const std::int64_t warp = static_cast<std::int64_t>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32;
  for (std::int64_t first = warp * a.together; first < all; first += step) {
    Ranked own;
#pragma unroll 2
    for (int i = 0; i < a.together; ++i) {
      if (first + i >= all) break;
      const Ranked ranked = rank_scores(a, first + i);
      if (lane == i) own = ranked;
    }
    if (lane < a.together && first + lane < all) write_anchor(a, first + lane, own);
  }
}

// A block has a suppression: the best candidate that is left is kept, those that it overlaps go, and so on.
extern "C" __global__ void __launch_bounds__(kSuppressThreads) suppress(const __grid_constant__ DetectionArguments a) {
  __shared__ Key gathered[kHeldCandidates];
  __shared__ int candidates;
  if (threadIdx.x == 0) candidates = 0;
  __syncthreads();
  let_next_kernel_start();
  wait_for_kernel_before();
  const auto block = static_cast<std::int64_t>(blockIdx.x);
  const std::int64_t image = block / a.lists;
  Suppression work{a, image, static_cast<int>(block % a.lists),
                   reinterpret_cast<const float4*>(a.decoded) + image * a.anchors,
                   reinterpret_cast<Key*>(a.listed) + block * a.of_list};
  Key* const live = a.live != 0 ? reinterpret_cast<Key*>(a.live) + block * a.anchors : nullptr;
  if (a.is_per_class == 0 || is_wanted(a, work.list))
    for (int anchor = threadIdx.x; anchor < a.anchors; anchor += kSuppressThreads) {
      const Key key = work.candidate(anchor);
      if (live != nullptr) live[anchor] = key;
      if (key == 0) continue;
      const int place = atomicAdd(&candidates, 1);  // in any order: keys say which is better
      if (place < kHeldCandidates) gathered[place] = key;
    }
  __syncthreads();
  if (candidates <= kHeldCandidates)
    suppress_held(work, gathered, candidates);
  else
    suppress_live(work, live);
  if (threadIdx.x == 0) reinterpret_cast<std::int32_t*>(a.counts)[block] = work.count;
  __syncthreads();
  if (a.is_per_class == 0) write_kept(a, {work.listed, nullptr, work.count}, image);
}

// A block has a picture: the best of the lists' first, over and over; of equal scores the lower class, then the lower
// anchor. A thread has every 256th list.
extern "C" __global__ void __launch_bounds__(kThreads) merge_classes(const __grid_constant__ DetectionArguments a) {
  __shared__ Key parts[2][32];
  let_next_kernel_start();
  wait_for_kernel_before();
  const auto image = static_cast<std::int64_t>(blockIdx.x);
  const auto* const counts = reinterpret_cast<const std::int32_t*>(a.counts) + image * a.lists;
  const Key* const listed = reinterpret_cast<const Key*>(a.listed) + image * a.lists * a.of_list;
  auto* const places = reinterpret_cast<std::int32_t*>(a.places) + image * a.lists;
  Key* const merged = reinterpret_cast<Key*>(a.merged) + image * a.of_image;
  auto* const of_class = reinterpret_cast<std::int32_t*>(a.of_class) + image * a.of_image;
  const auto first_of = [&](int list) { return listed[static_cast<std::int64_t>(list) * a.of_list + places[list]]; };
  const auto best_list = [&] {
    Key best = 0;
    for (int list = threadIdx.x; list < a.lists; list += kThreads)
      if (places[list] < counts[list])
        best = Larger()(best, (first_of(list) & ~Key{0xffffffff}) | ~static_cast<unsigned>(list));
    return best;
  };
  for (int list = threadIdx.x; list < a.lists; list += kThreads) places[list] = 0;
  Key own = best_list();
  int count = 0;
  for (; count < a.of_image; ++count) {
    const Key best = largest_of_block(own, parts[count % 2]);
    if (best == 0) break;
    if (own != best) continue;
    const auto list = static_cast<int>(index_of(best));
    merged[count] = first_of(list);
    of_class[count] = list;
    ++places[list];
    own = best_list();
  }
  __syncthreads();
  write_kept(a, {merged, of_class, count}, image);
}

}  // namespace mobilenet::cuda
