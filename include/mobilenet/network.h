// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// NetworkBuilder: a caller's own layers on top of a backbone, or of another file's graph, inside one plan.
//
//   NetworkBuilder net(backbone);                                    // everything the file has, batch axis free
//   auto map = net.layer("pool");
//   auto head = net.dense(map, {.weight = w, .outputs = 5, .bias = b});   // floats of the caller, copied
//   net.output(net.softmax(head), "my_classes");
//   auto model = net.build().value();
//
// With detector() or segmenter() in place of output() the model answers detect() or segment().
//
// A quantised tensor that a float layer reads is converted to float first; append() keeps integers.
// Errors are remembered: a failed call returns an invalid Value, later calls pass it on, and build() reports the first.

#include <mobilenet/detector.h>
#include <mobilenet/export.h>
#include <mobilenet/layers.h>
#include <mobilenet/model.h>
#include <mobilenet/result.h>
#include <mobilenet/tensor.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mobilenet {

// An activation tensor inside a builder, which is the only one that takes it. Maps are NHWC inside, whatever the file's
// own layout.
struct Value {
  int id = -1;
  unsigned builder = 0;  // which one made it
};

// One feature map's predictions, for k anchors around every cell.
struct DetectorMap {
  Value boxes;   // [height, width, k * 4]: per anchor ty, tx, th, tw
  Value scores;  // [height, width, k * columns]: per anchor a background column, where there is one, then the classes
};

struct DetectorOptions {
  std::vector<DetectorMap> maps;
  // Per map the anchors of a cell, in the order of the predictions; empty: TensorFlow's multiple-grid anchors (3 on the
  // first map, 6 on the others).
  std::vector<std::vector<AnchorShape>> anchors = {};
  int classes = 0;                // without background
  bool background_column = true;  // the first score column is background
  ScoreFunction score_function = ScoreFunction::sigmoid;
  BoxCoder coder = {};
  SuppressionSpec suppression = {};
};

struct SegmenterOptions {
  Enlargement enlargement = Enlargement::half_pixel_centers;
};

struct BuilderState;

class MOBILENET_API NetworkBuilder {
 public:
  NetworkBuilder();                                // empty
  explicit NetworkBuilder(const Model& backbone);  // its network and weights, without its outputs
  ~NetworkBuilder();
  NetworkBuilder(NetworkBuilder&&) noexcept;
  NetworkBuilder& operator=(NetworkBuilder&&) noexcept;

  // A float32 input [batch, height, width, channels].
  Value input(int height, int width, int channels, std::string_view name = "input");
  // A layer ("block13/expand", "hidden_4") or tensor of the backbone.
  Value layer(std::string_view name);
  // All of another model's network, its only input fed by `input`; returns its outputs. The input must have the shape,
  // type and quantisation that the other model's input has.
  std::vector<Value> append(const Model& model, Value input);

  Value convolution(Value input, const ConvolutionOptions& options);
  Value depthwise(Value input, const ConvolutionOptions& options);
  Value pointwise(Value input, const ConvolutionOptions& options);  // kernel, stride and dilation 1
  Value dense(Value input, const DenseOptions& options);            // over all axes but the batch, flattened
  Value add(Value a, Value b, Activation activation = Activation::none);
  Value concat(std::span<const Value> inputs);  // along channels
  Value average_pool(Value input, const PoolingOptions& options);
  Value max_pool(Value input, const PoolingOptions& options);
  Value global_average_pool(Value input);  // [batch, 1, 1, channels]
  Value resize_bilinear(Value input, int height, int width, Enlargement enlargement = Enlargement::top_left);
  Value activation(Value input, Activation activation);
  Value softmax(Value input);

  // Makes the model a detector: its outputs "boxes" [batch, anchors, 4] and "scores" [batch, anchors, columns] are the
  // predictions of all maps, joined. Pictures are squashed to the input, whatever the backbone did.
  void detector(const DetectorOptions& options);
  // Makes the model a segmenter: one channel of `logits` [height, width, classes] a class, 2 to 256 of them. Pictures
  // are padded to the input, whatever the backbone did.
  void segmenter(Value logits, const SegmenterOptions& options = {});

  // Names of the classes: of a detector without background, of a segmenter one per channel, else one per row of the
  // first output, or two for a single probability (of 0, of 1). Empty (the default): none, unless the first output is
  // that of the backbone's, or of an appended model's, own classifier.
  void labels(std::vector<std::string> names);

  // Marks an output of the network; `name` becomes its tensor's name (empty: keeps its own; a second one replaces it).
  // Every output has a name of its own.
  void output(Value value, std::string_view name = {});

  // The finished model. The preprocessing of the backbone stays; without outputs, or after an error, a sentence. It
  // classifies when its first output is one row of probabilities, of what a layer of weights leaves, or of as many
  // numbers as there are labels(); any other output is a feature. It cannot be saved.
  Result<Model> build() const;

 private:
  std::unique_ptr<BuilderState> state_;
};

}  // namespace mobilenet
