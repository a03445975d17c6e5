// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors

// Logistic regression by L-BFGS: the loss is convex, so that it has one minimum, and 1280 features make Newton's own
// matrix too large to be worth it.

#include <mobilenet/linear_classifier.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

#include "base/caught.h"
#include "base/error.h"

namespace mobilenet {
namespace {

using Vector = std::vector<double>;

// Sums in parts, so that a compiler makes vectors of them.
template <class A, class B>
double product(const A* a, const B* b, std::size_t count) {
  constexpr std::size_t kParts = 8;
  double parts[kParts] = {};
  std::size_t i = 0;
  for (; i + kParts <= count; i += kParts)
    for (std::size_t part = 0; part < kParts; ++part)
      parts[part] += static_cast<double>(a[i + part]) * static_cast<double>(b[i + part]);
  double sum = 0;
  for (; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  for (const double part : parts) sum += part;
  return sum;
}

double product(const Vector& a, const Vector& b) { return product(a.data(), b.data(), a.size()); }

void add_scaled(double factor, const Vector& from, Vector& to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

// The examples around their mean, at an average distance of 1 from it.
struct Examples {
  std::size_t count, dimensions;
  Vector mean;
  double distance = 0;
  std::vector<float> features;

  Examples(std::span<const float> given, std::size_t number)
      : count(number), dimensions(given.size() / number), mean(dimensions), features(given.size()) {
    for (std::size_t i = 0; i < given.size(); ++i)
      mean[i % dimensions] += static_cast<double>(given[i]) / static_cast<double>(count);
    double squares = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      const double difference = static_cast<double>(given[i]) - mean[i % dimensions];
      squares += difference * difference;
    }
    distance = std::sqrt(squares / static_cast<double>(count));
    if (!(distance > 0)) distance = 1;  // all the same
    for (std::size_t i = 0; i < given.size(); ++i)
      features[i] = static_cast<float>((static_cast<double>(given[i]) - mean[i % dimensions]) / distance);
  }
  const float* example(std::size_t index) const { return features.data() + index * dimensions; }
};

// The mean of -log(probability of the right class), and what keeps weights small.
class Loss {
 public:
  Loss(const Examples& examples, std::span<const int> classes, std::size_t class_count, double trust)
      : examples_(examples),
        classes_(classes),
        class_count_(class_count),
        decay_(1 / (trust * static_cast<double>(examples.count))),
        scores_(class_count) {}

  // Weights by class, then biases.
  std::size_t parameters() const { return class_count_ * (examples_.dimensions + 1); }

  double operator()(const Vector& at, Vector& gradient) {
    const std::size_t dimensions = examples_.dimensions, weights = class_count_ * dimensions;
    std::fill(gradient.begin(), gradient.end(), 0.0);
    double loss = 0;
    for (std::size_t i = 0; i < examples_.count; ++i) {
      const float* const example = examples_.example(i);
      const auto right = static_cast<std::size_t>(classes_[i]);
      for (std::size_t c = 0; c < class_count_; ++c)
        scores_[c] = at[weights + c] + product(at.data() + c * dimensions, example, dimensions);
      const double largest = *std::max_element(scores_.begin(), scores_.end());
      double sum = 0;
      for (const double score : scores_) sum += std::exp(score - largest);
      loss += largest + std::log(sum) - scores_[right];
      for (std::size_t c = 0; c < class_count_; ++c) {
        const double pull = std::exp(scores_[c] - largest) / sum - (c == right ? 1 : 0);
        double* const slope = gradient.data() + c * dimensions;
        for (std::size_t d = 0; d < dimensions; ++d) slope[d] += pull * static_cast<double>(example[d]);
        gradient[weights + c] += pull;
      }
    }
    const double each = 1 / static_cast<double>(examples_.count);
    for (double& slope : gradient) slope *= each;
    for (std::size_t w = 0; w < weights; ++w) gradient[w] += decay_ * at[w];
    return loss * each + 0.5 * decay_ * product(at.data(), at.data(), weights);
  }

 private:
  const Examples& examples_;
  std::span<const int> classes_;
  std::size_t class_count_;
  double decay_;
  Vector scores_;
};

// The last steps, and what they changed of the gradient: all that is known of the curvature.
class Curvature {
 public:
  void remember(Vector step, Vector change) {
    const double bent = product(step, change);
    if (!(bent > 0)) return;
    if (pairs_.size() == kMost) pairs_.pop_front();
    pairs_.push_back({std::move(step), std::move(change), 1 / bent});
  }
  // Where to go from a point of this gradient.
  Vector direction(const Vector& gradient) const {
    Vector way = gradient;
    std::vector<double> factors(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      factors[i] = pairs_[i].per_bent * product(pairs_[i].step, way);
      add_scaled(-factors[i], pairs_[i].change, way);
    }
    if (!pairs_.empty()) {
      const Pair& last = pairs_.back();
      const double scale = 1 / (last.per_bent * product(last.change, last.change));
      for (double& part : way) part *= scale;
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      add_scaled(factors[i] - pairs_[i].per_bent * product(pairs_[i].change, way), pairs_[i].step, way);
    for (double& part : way) part = -part;
    return way;
  }

 private:
  static constexpr std::size_t kMost = 10;
  struct Pair {
    Vector step, change;
    double per_bent;
  };
  std::deque<Pair> pairs_;
};

Vector minimise(Loss& loss, int most_steps) {
  // Enough for probabilities of three digits.
  constexpr double kFlat = 1e-6, kEnough = 1e-4;
  constexpr int kHalvings = 40;
  Vector at(loss.parameters()), gradient(at.size()), next_gradient(at.size());
  double value = loss(at, gradient);
  Curvature curvature;
  for (int step = 0; step < most_steps && std::sqrt(product(gradient, gradient)) > kFlat; ++step) {
    const Vector way = curvature.direction(gradient);
    const double slope = product(way, gradient);
    double length = 1;
    Vector next;
    double next_value = 0;
    int halvings = 0;
    for (; halvings < kHalvings; ++halvings, length /= 2) {
      next = at;
      add_scaled(length, way, next);
      next_value = loss(next, next_gradient);
      if (next_value <= value + kEnough * length * slope) break;
    }
    if (halvings == kHalvings) break;  // as low as doubles tell
    Vector moved = next, change = next_gradient;
    add_scaled(-1, at, moved);
    add_scaled(-1, gradient, change);
    curvature.remember(std::move(moved), std::move(change));
    at = std::move(next);
    gradient = next_gradient;
    value = next_value;
  }
  return at;
}

Result<void> check(std::span<const float> features, std::span<const int> classes, int class_count,
                   const TeachOptions& options) {
  if (class_count < 2)
    return failure(ErrorCode::invalid_argument, "a classifier of ", class_count, " classes has nothing to tell apart");
  if (classes.empty() || features.empty() || features.size() % classes.size() != 0)
    return failure(ErrorCode::invalid_argument, features.size(), " numbers are not the features of ", classes.size(),
                   " examples");
  if (!(options.trust > 0) || !std::isfinite(options.trust) || options.most_steps < 1)
    return failure(ErrorCode::invalid_argument, "a trust of ", options.trust, " and ", options.most_steps,
                   " steps are impossible");
  std::vector<bool> met(static_cast<std::size_t>(class_count));
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] < 0 || classes[i] >= class_count)
      return failure(ErrorCode::invalid_argument, "example ", i, " is of class ", classes[i], " of ", class_count);
    met[static_cast<std::size_t>(classes[i])] = true;
  }
  const auto missing = std::find(met.begin(), met.end(), false);
  if (missing != met.end())
    return failure(ErrorCode::invalid_argument, "class ", missing - met.begin(), " has no example");
  for (std::size_t i = 0; i < features.size(); ++i)
    if (!std::isfinite(features[i]))
      return failure(ErrorCode::invalid_argument, "example ", i / (features.size() / classes.size()),
                     " holds a number that is not finite");
  return {};
}

}  // namespace

Result<LinearClassifier> teach_classifier(std::span<const float> features, std::span<const int> classes,
                                          int class_count, const TeachOptions& options) try {
  MOBILENET_CHECK(check(features, classes, class_count, options));
  const Examples examples(features, classes.size());
  const auto rows = static_cast<std::size_t>(class_count);
  Loss loss(examples, classes, rows, options.trust);
  const Vector found = minimise(loss, options.most_steps);
  // The same for features as they are: w (x - mean) / distance + b
  LinearClassifier classifier;
  for (std::size_t c = 0; c < rows; ++c) {
    const double* const weight = found.data() + c * examples.dimensions;
    for (std::size_t d = 0; d < examples.dimensions; ++d)
      classifier.weight.push_back(static_cast<float>(weight[d] / examples.distance));
    const double shift = product(weight, examples.mean.data(), examples.dimensions) / examples.distance;
    classifier.bias.push_back(static_cast<float>(found[rows * examples.dimensions + c] - shift));
  }
  return classifier;
} catch (...) {
  return caught("teaching");
}

int best_class(const LinearClassifier& classifier, std::span<const float> features) {
  std::size_t best = 0;
  double largest = 0;
  for (std::size_t c = 0; c < classifier.bias.size(); ++c) {
    const double score = static_cast<double>(classifier.bias[c]) +
                         product(classifier.weight.data() + c * features.size(), features.data(), features.size());
    if (c == 0 || score > largest) best = c, largest = score;
  }
  return static_cast<int>(best);
}

}  // namespace mobilenet
