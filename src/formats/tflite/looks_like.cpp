// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "formats/tflite/looks_like.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "base/letter_case.h"

namespace mobilenet::tflite {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;

constexpr std::string_view kRecurrent = "a recurrent network", kAudio = "an audio network", kText = "a text network",
                           kTransformer = "a transformer", kPose = "a pose network", kYolo = "a YOLO detector",
                           kGenerator = "a network that makes pictures";

struct Habit {
  std::string_view part;  // of some tensor's name, in small letters
  std::string_view kind;
};

// The first that is found counts: what says more comes first.
constexpr std::array kHabits{Habit{"efficientdet", "an EfficientDet detector"},
                             Habit{"fpn_cells", "an EfficientDet detector"},
                             Habit{"bifpn", "an EfficientDet detector"},
                             Habit{"fpntopdown", "an FPNLite detector"},
                             Habit{"featuremaps/top_down", "an FPNLite detector"},
                             Habit{"weightsharedconvolutionalboxpredictor", "an FPNLite detector"},
                             Habit{"centernet", "a CenterNet detector"},
                             Habit{"yolo", kYolo},
                             Habit{"/dfl/", kYolo},
                             Habit{"movenet", kPose},
                             Habit{"posenet", kPose},
                             Habit{"keypoint", kPose},
                             Habit{"landmark", "a landmark network"},
                             Habit{"mask_rcnn", "a Mask R-CNN detector"},
                             Habit{"yamnet", kAudio},
                             Habit{"spectrogram", kAudio},
                             Habit{"mfcc", kAudio},
                             Habit{"waveform", kAudio},
                             Habit{"input_ids", kText},
                             Habit{"input_word_ids", kText},
                             Habit{"bert/", kText},
                             Habit{"embedding_lookup", kText},
                             Habit{"lstm", kRecurrent},
                             Habit{"gru_cell", kRecurrent},
                             Habit{"attention", kTransformer},
                             Habit{"transformer", kTransformer},
                             Habit{"style_transfer", kGenerator},
                             Habit{"super_resolution", kGenerator},
                             Habit{"esrgan", kGenerator},
                             Habit{"efficientnet", "an EfficientNet"},
                             Habit{"resnet", "a ResNet"},
                             Habit{"inception", "an Inception network"},
                             Habit{"shufflenet", "a ShuffleNet"},
                             Habit{"mobilenetv4", "a MobileNet V4"},
                             Habit{"mobilenet_v4", "a MobileNet V4"}};

// The kinds of a graph's operators, and the custom ones' names.
struct Operators {
  explicit Operators(const ModelFile& file) {
    const auto* stored = file.model().operator_codes();
    for (unsigned i = 0; stored != nullptr && i < stored->size(); ++i) {
      const schema::OperatorCode& code = *stored->Get(i);
      codes.push_back(builtin_code(code));
      if (code.custom_code() != nullptr) customs.push_back(lower_case(code.custom_code()->str()));
    }
  }
  bool has_any(std::initializer_list<BuiltinOperator> wanted) const {
    return std::find_first_of(codes.begin(), codes.end(), wanted.begin(), wanted.end()) != codes.end();
  }
  bool has_custom(std::string_view part) const {
    return std::any_of(customs.begin(), customs.end(),
                       [&](const std::string& name) { return name.find(part) != name.npos; });
  }
  std::vector<BuiltinOperator> codes;
  std::vector<std::string> customs;
};

std::span<const std::int32_t> shape_of(const schema::Tensor& tensor) {
  return tensor.shape() == nullptr ? std::span<const std::int32_t>()
                                   : std::span(tensor.shape()->data(), tensor.shape()->size());
}

std::string_view by_operators(const ModelFile& file) {
  const Operators operators(file);
  if (operators.has_any({BuiltinOperator::RFFT2D}) || operators.has_custom("spectrogram") ||
      operators.has_custom("mfcc"))
    return kAudio;
  if (operators.has_any({BuiltinOperator::EMBEDDING_LOOKUP, BuiltinOperator::HASHTABLE_FIND,
                         BuiltinOperator::LSH_PROJECTION, BuiltinOperator::SKIP_GRAM}) ||
      operators.has_custom("tokeniz") || operators.has_custom("ngram"))
    return kText;
  if (operators.has_any({BuiltinOperator::LSTM, BuiltinOperator::RNN, BuiltinOperator::SVDF,
                         BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM, BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_RNN,
                         BuiltinOperator::BIDIRECTIONAL_SEQUENCE_LSTM, BuiltinOperator::BIDIRECTIONAL_SEQUENCE_RNN,
                         BuiltinOperator::WHILE, BuiltinOperator::VAR_HANDLE}))
    return kRecurrent;
  return {};
}

std::string_view by_names(const ModelFile& file) {
  std::array<bool, kHabits.size()> found{};
  constexpr int kMostTensors = 1 << 12;
  for (int i = 0; i < std::min(file.tensor_count(), kMostTensors); ++i) {
    constexpr std::size_t kEnough = 256;
    const std::string name = lower_case(file.tensor_name(i).substr(0, kEnough));
    for (std::size_t habit = 0; habit < kHabits.size(); ++habit)
      found[habit] = found[habit] || name.find(kHabits[habit].part) != std::string::npos;
  }
  const auto first = std::find(found.begin(), found.end(), true);
  return first == found.end() ? std::string_view() : kHabits[static_cast<std::size_t>(first - found.begin())].kind;
}

// Of the input and the outputs, where nothing has a name.
std::string_view by_shapes(const ModelFile& file) {
  const auto tensor = [&](int index) -> const schema::Tensor* {
    return index >= 0 && index < file.tensor_count() ? &file.tensor(index) : nullptr;
  };
  const schema::Tensor* input = tensor(file.graph().inputs()->Get(0));
  if (input == nullptr) return {};
  const auto in = shape_of(*input);
  const bool counts = input->type() == TensorType::INT32 || input->type() == TensorType::INT64;
  if (input->type() == TensorType::STRING || (counts && in.size() <= 2)) return kText;
  constexpr std::int32_t kSamples = 4000;  // of a quarter of a second
  if (!in.empty() && in.size() <= 2 && in.back() >= kSamples) return kAudio;
  for (const std::int32_t index : *file.graph().outputs()) {
    const schema::Tensor* output = tensor(index);
    if (output == nullptr) continue;
    const auto out = shape_of(*output);
    // A row for every cell of three maps with anchors: 4 + 1 + classes; or, since version 8, without them, turned.
    constexpr std::int32_t kFewestRows = 1000, kFewestNumbers = 6;
    if (out.size() == 3 && std::max(out[1], out[2]) >= kFewestRows && std::min(out[1], out[2]) >= kFewestNumbers)
      return kYolo;
    if (out.size() == 4 && out[2] == 17 && out[3] == 3) return kPose;
    constexpr std::int32_t kColours = 3;
    if (in.size() == 4 && out.size() == 4 && in[3] == kColours && out[3] == kColours && out[1] >= in[1] &&
        out[2] >= in[2])
      return kGenerator;
  }
  if (Operators(file).has_any({BuiltinOperator::BATCH_MATMUL})) return kTransformer;
  return {};
}

}  // namespace

std::string_view looks_like(const ModelFile& file) {
  for (const auto tell : {by_operators, by_names, by_shapes})
    if (const std::string_view kind = tell(file); !kind.empty()) return kind;
  return {};
}

}  // namespace mobilenet::tflite
