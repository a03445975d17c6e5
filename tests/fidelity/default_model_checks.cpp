// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The default model against PyTorch: its float32 file in timm's layout, and the bundled half-precision file.

#include <cstdlib>
#include <stdexcept>

#include "fidelity/comparison.h"

namespace mobilenet::testing {
namespace {

// Logits around 5, after another order of additions.
constexpr double kLogitsTolerance = 1e-3;

std::filesystem::path bundled() {
  return std::filesystem::path(MOBILENET_SOURCE_DIR) / "models/mobilenet_v2_202.safetensors";
}
std::filesystem::path original() { return *test_data() / "../default_model"; }

// Where a picture of the table is; empty when this machine does not have it (four come from a Python package that
// scripts/demo unpacks into out/pictures).
std::filesystem::path find_picture(const std::string& name) {
  const std::filesystem::path base = std::filesystem::path(name).filename();
  for (const std::filesystem::path& folder :
       {*test_data() / "images/imagenet", std::filesystem::path(MOBILENET_SOURCE_DIR) / "out/pictures"})
    if (std::filesystem::exists(folder / base)) return folder / base;
  return {};
}

Outcome compare(const std::filesystem::path& file, bool logits_too) {
  const Model model = Model::open(file).value();
  Session session = model.session().value();
  std::size_t agree = 0, total = 0, missing = 0;
  double worst = 0;
  for (const ExpectedAnswer& expected : read_expected_answers(original() / "expected_top5.csv")) {
    const std::filesystem::path path = find_picture(expected.picture);
    if (path.empty()) {
      ++missing;
      continue;
    }
    const Image image = Image::open(path).value();
    const ImageView view = image;
    const TensorView input = session.preprocess({&view, 1}).value();
    const std::span<const float> logits = session.run({&input, 1}).value()[0].as<float>();
    const auto best = static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    ++total;
    agree += best == expected.classes[0];
    for (std::size_t i = 0; i < expected.classes.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(logits[static_cast<std::size_t>(expected.classes[i])]) -
                                       expected.scores[i]));
  }
  std::string measured =
      std::to_string(agree) + " of " + std::to_string(total) + ", largest difference of a logit " + scientific(worst);
  if (missing > 0)
    measured += "; " + std::to_string(missing) + " pictures not on this machine (scripts/demo fetches them)";
  return {total > 0 && agree == total && (!logits_too || worst <= kLogitsTolerance), measured};
}

}  // namespace

std::vector<Check> default_model_checks() {
  return {
      {"default model, float32", "same top-1 as PyTorch, logits within 1e-3",
       [] { return compare(original() / "model.safetensors", true); }},
      {"default model, bundled float16", "same top-1 as PyTorch in float32", [] { return compare(bundled(), false); }}};
}

}  // namespace mobilenet::testing
