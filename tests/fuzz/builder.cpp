// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Any sequence of builder calls: a sentence, or a network that all backends, threads and instruction sets answer alike.

#include <mobilenet/mobilenet.h>

#include <cmath>
#include <deque>
#include <functional>
#include <string>

#include "fuzz/fuzz.h"
#include "graphs/ways.h"
#include "support/choices.h"
#include "support/pictures.h"

using namespace mobilenet;
using testing::Choices;

namespace {

constexpr std::size_t kMostWeights = 40'000;
constexpr std::int64_t kMostMacs = 4'000'000;
// Another order of float additions, in at most fourteen layers of numbers that nobody chose.
constexpr testing::Tolerance kBackends{.relative = 1e-3, .absolute = 1e-5};

// The calls are made twice: on a builder whose every value is an output, so that its model says the shapes for the next
// call, and on one with the outputs that were chosen, so that steps are fused.
class RandomCalls {
 public:
  explicit RandomCalls(Choices& choices) : choices_(choices) {}

  // The model, where there is one; what is checked on the way: every refusal is a sentence.
  Result<Model> build() {
    hostile_ = choices_.one_in(8);
    for (int inputs = choices_.pick({1, 1, 1, 2}); inputs > 0; --inputs) {
      const int height = choices_.between(1, 24), width = choices_.between(1, 24);
      const int channels = choices_.pick({3, 3, 1, 4, 8, 17, 32});
      const std::string name = "input" + std::to_string(inputs);
      const Value made = call([=](NetworkBuilder& net) { return net.input(height, width, channels, name); });
      maps_.push_back({made, channels, height * width * channels});
    }
    for (int calls = choices_.between(1, 14); calls > 0 && choices_.more(); --calls)
      if (!add()) break;
    NetworkBuilder net;
    Value last;
    for (const Call& again : calls_) {
      const Value made = again(net);
      if (made.id >= 0 && choices_.one_in(8)) net.output(made);
      if (made.id >= 0) last = made;
    }
    net.output(last);
    finish(net);
    return net.build();
  }

  bool hostile() const { return hostile_; }
  const std::deque<std::string>& names() const { return names_; }

 private:
  using Call = std::function<Value(NetworkBuilder&)>;
  struct Map {
    Value value;
    int channels = 0;  // 0: not a map
    int elements = 0;
  };

  Value call(Call make) {
    calls_.push_back(std::move(make));
    return calls_.back()(shapes_);
  }

  std::span<const float> weight(std::size_t count, double fan) {
    Choices numbers(choices_.word());
    const double largest = std::sqrt(3 / std::max(fan, 1.0));
    std::vector<float>& made = weights_.emplace_back(count);
    for (float& value : made) value = static_cast<float>(numbers.real(-largest, largest));
    if (hostile_ && !made.empty()) made[0] = choices_.hostile_float();
    return made;
  }
  std::span<const float> bias(int count) {
    return choices_.one_in(2) ? weight(static_cast<std::size_t>(count), 9) : std::span<const float>{};
  }
  Activation activation() { return static_cast<Activation>(choices_.below(hostile_ ? 8 : 6)); }
  PaddingRule padding() { return static_cast<PaddingRule>(choices_.below(hostile_ ? 5 : 3)); }
  const Map& other() { return maps_[choices_.below(static_cast<std::uint32_t>(maps_.size()))]; }

  Value window_layer(const Map& in, std::string_view name) {
    const bool depthwise = choices_.one_in(2);
    ConvolutionOptions options;
    options.kernel = choices_.between(1, 5);
    options.stride = choices_.between(hostile_ ? 0 : 1, 3);
    options.dilation = choices_.between(1, 3);
    options.padding = padding();
    options.activation = activation();
    options.name = name;
    options.outputs = depthwise ? 0 : choices_.pick({1, 3, 4, 8, 9, 16, 17, 33, 64});
    const int fan = options.kernel * options.kernel * (depthwise ? 1 : in.channels);
    const auto count =
        static_cast<std::size_t>(fan) * static_cast<std::size_t>(depthwise ? in.channels : options.outputs);
    if (count > kMostWeights) return {};
    options.weight = weight(hostile_ && choices_.one_in(4) ? count + 1 : count, fan);
    options.bias = bias(depthwise ? in.channels : options.outputs);
    return call([=](NetworkBuilder& net) {
      return depthwise ? net.depthwise(in.value, options) : net.convolution(in.value, options);
    });
  }

  Value dense(const Map& in, std::string_view name) {
    DenseOptions options;
    options.outputs = choices_.pick({1, 2, 5, 8, 17, 40});
    const auto count = static_cast<std::size_t>(in.elements) * static_cast<std::size_t>(options.outputs);
    if (count > kMostWeights) return {};
    options.weight = weight(count, in.elements);
    options.bias = bias(options.outputs);
    options.activation = activation();
    options.name = name;
    return call([=](NetworkBuilder& net) { return net.dense(in.value, options); });
  }

  Value layer(const Map& in, std::string_view name) {
    switch (choices_.below(12)) {
      case 0:
      case 1:
      case 2:
        return in.channels > 0 ? window_layer(in, name) : dense(in, name);
      case 3:
        return dense(in, name);
      case 4:
        return call([=, b = other().value, act = activation()](auto& net) { return net.add(in.value, b, act); });
      case 5: {
        std::vector<Value> all{in.value, other().value, other().value};
        all.resize(choices_.below(4));
        return call([=](NetworkBuilder& net) { return net.concat(all); });
      }
      case 6:
      case 7: {
        const PoolingOptions options{choices_.between(1, 6), choices_.between(1, 4), padding(), name};
        const bool largest = choices_.one_in(2);
        return call([=](NetworkBuilder& net) {
          return largest ? net.max_pool(in.value, options) : net.average_pool(in.value, options);
        });
      }
      case 8:
        return call([=](NetworkBuilder& net) { return net.global_average_pool(in.value); });
      case 9: {
        const int height = choices_.between(hostile_ ? -1 : 1, 30), width = choices_.between(1, 30);
        const auto enlargement = static_cast<Enlargement>(choices_.below(hostile_ ? 5 : 3));
        return call([=](NetworkBuilder& net) { return net.resize_bilinear(in.value, height, width, enlargement); });
      }
      case 10:
        return call([=](NetworkBuilder& net) { return net.softmax(in.value); });
      default:
        return call([=, act = activation()](NetworkBuilder& net) { return net.activation(in.value, act); });
    }
  }

  // False where the network has its error, or is as large as it should become.
  bool add() {
    const Map in = choices_.one_in(3) ? other() : maps_.back();
    std::string_view name;
    if (choices_.one_in(3)) name = names_.emplace_back("layer" + std::to_string(choices_.below(6)));
    const Value made = layer(in, name);
    if (made.id < 0) return hostile_;
    shapes_.output(made);
    const auto so_far = shapes_.build();
    if (!fuzz::succeeds(so_far) || so_far->info().macs > kMostMacs) return false;
    const std::vector<std::int64_t>& shape = so_far->info().outputs.back().shape;
    std::int64_t elements = 1;
    for (const std::int64_t axis : shape) elements *= axis;
    maps_.push_back({made, shape.size() == 4 ? static_cast<int>(shape[3]) : 0, static_cast<int>(elements)});
    return elements < 60'000;
  }

  Value predictor(NetworkBuilder& net, const Map& map, int outputs) {
    const auto count = static_cast<std::size_t>(map.channels) * static_cast<std::size_t>(outputs);
    return net.pointwise(map.value, {.weight = weight(count, map.channels), .outputs = outputs});
  }

  void finish(NetworkBuilder& net) {
    const Map& map = other();
    if (map.channels == 0) return;
    if (choices_.one_in(6)) net.segmenter(map.value, {static_cast<Enlargement>(choices_.below(hostile_ ? 5 : 3))});
    if (!choices_.one_in(4)) return;
    DetectorOptions options;
    options.classes = choices_.between(hostile_ ? 0 : 1, 4);
    options.background_column = choices_.one_in(2);
    options.score_function = static_cast<ScoreFunction>(choices_.between(1, 2));
    options.suppression.rule = static_cast<SuppressionRule>(choices_.below(2));
    options.suppression.max_detections = choices_.between(hostile_ ? -1 : 1, 30);
    options.suppression.max_classes_per_anchor = choices_.between(1, 3);
    if (hostile_) {
      options.suppression.iou_threshold = choices_.hostile_float();
      options.coder.height = choices_.hostile_float();
    }
    const int anchors = choices_.between(1, 3), columns = options.classes + (options.background_column ? 1 : 0);
    options.maps = {{predictor(net, map, 4 * anchors), predictor(net, map, columns * anchors)}};
    options.anchors.emplace_back(static_cast<std::size_t>(anchors), AnchorShape{0.2f, 0.3f});
    net.detector(options);
  }

  Choices& choices_;
  NetworkBuilder shapes_;  // the first of the two
  std::vector<Call> calls_;
  bool hostile_ = false;
  std::vector<Map> maps_;
  std::deque<std::vector<float>> weights_;  // what the calls borrow, as the names
  std::deque<std::string> names_;
};

void answer_a_picture(const Model& model, bool hostile) {
  const testing::TestPicture picture(41, 27);
  auto session = model.session({.threads = 1, .score_threshold = 0, .probabilities = true});
  if (!fuzz::succeeds(session)) return;
  fuzz::succeeds(session->classify(picture.view()));
  fuzz::succeeds(session->segment(picture.view()));
  const auto found = session->detect(picture.view());
  if (!fuzz::succeeds(found) || hostile) return;
  for (const Detection& object : *found)
    fuzz::expect(object.score >= 0 && object.score <= 1, "a score is no probability");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices(std::span(data, size));
  RandomCalls calls(choices);
  const auto model = calls.build();
  if (!fuzz::succeeds(model)) return 0;
  answer_a_picture(*model, calls.hostile());
  testing::Ways ways{.backends = kBackends};
  if (calls.hostile()) ways.backends = {.relative = 1e30, .steps = 255};
  if (!calls.names().empty() && model->session({.tensors = {calls.names().front()}}))
    ways.wanted = {calls.names().front()};
  const auto inputs = testing::inputs_of(model->info(), 5);
  const testing::Answer answer = testing::answer_of_all_ways(*model, inputs, ways);
  if (const auto* error = std::get_if<Error>(&answer)) fuzz::check(*error);
  if (const auto* no = std::get_if<testing::Disagreement>(&answer)) fuzz::find(no->text);
  return 0;
}
