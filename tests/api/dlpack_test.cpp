// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Tensors through DLPack, there and back. This program has a table of devices of its own, with a GPU that computes
// nothing and has the number 3; addresses of its memory are those of the host, which nobody reads.

#include <gtest/gtest.h>
#include <mobilenet/dlpack.h>
#include <mobilenet/mobilenet.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/reference/reference_backend.h"
#include "backend/registry.h"
#include "base/error.h"

namespace mobilenet {
namespace {

class Gpu final : public Backend {
 public:
  int number() const override { return 3; }
  Result<void> supports(const ModelGraph&) const override { return failure(ErrorCode::unsupported, "nothing"); }
  Result<std::shared_ptr<const Weights>> pack(std::shared_ptr<const ModelGraph>, Precision) const override {
    return failure(ErrorCode::unsupported, "nothing");
  }
  Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights>, const CompileRequest&) const override {
    return failure(ErrorCode::unsupported, "nothing");
  }
};

bool has_driver = true;

Result<const Backend*> gpu() {
  static const Gpu backend;
  if (!has_driver) return failure(ErrorCode::unsupported, "no driver");
  return &backend;
}
Result<const Backend*> processor() { return &reference_backend(); }

constexpr std::array kDevices{DeviceRow{{Device::cpu, "cpu", "plain"}, &processor},
                              DeviceRow{{Device::cuda, "cuda", "has a number"}, &gpu}};
constexpr std::array kInfos = infos_of(kDevices);

struct Numbers {
  alignas(64) std::array<float, 24> values{};
  std::vector<std::int64_t> shape{2, 3, 4};

  TensorView view(Memory memory = Memory::host) const {
    TensorView made{"numbers", DataType::f32, shape, values.data(), sizeof values};
    made.memory = memory;
    return made;
  }
};

// What another library hands over: a tensor of `Numbers`, to be made wrong.
struct Foreign {
  Numbers numbers;
  std::array<std::int64_t, 3> strides{12, 4, 1};
  dlpack::Tensor tensor{numbers.values.data(), {1, 0}, 3, {2, 32, 1}, numbers.shape.data(), strides.data(), 0};

  std::string refusal() const {
    const auto view = from_dlpack(tensor);
    return view ? "taken" : view.error().message;
  }
};

TEST(Dlpack, ATensorIsTheViewsOwnMemory) {
  for (const Memory memory : {Memory::host, Memory::device}) {
    auto numbers = std::make_shared<Numbers>();
    const std::weak_ptr<Numbers> watch = numbers;
    const TensorView view = numbers->view(memory);
    dlpack::OwnedTensor owned = to_dlpack(view, std::move(numbers)).value();
    const dlpack::Tensor& tensor = owned->dl_tensor;
    EXPECT_EQ(static_cast<std::byte*>(tensor.data) + tensor.byte_offset, view.data);
    EXPECT_EQ(tensor.device.device_type, memory == Memory::device ? 2 : 1);
    EXPECT_EQ(tensor.device.device_id, memory == Memory::device ? 3 : 0);
    EXPECT_EQ(tensor.dtype.code, 2);
    EXPECT_EQ(tensor.dtype.bits, 32);
    EXPECT_EQ(tensor.dtype.lanes, 1);
    ASSERT_EQ(tensor.ndim, 3);
    EXPECT_EQ(std::vector<std::int64_t>(tensor.shape, tensor.shape + 3), (std::vector<std::int64_t>{2, 3, 4}));
    EXPECT_EQ(std::vector<std::int64_t>(tensor.strides, tensor.strides + 3), (std::vector<std::int64_t>{12, 4, 1}));

    int stream = 0;
    const TensorView back = from_dlpack(tensor, &stream).value();
    EXPECT_EQ(back.data, view.data);
    EXPECT_EQ(back.bytes, view.bytes);
    EXPECT_EQ(back.type, view.type);
    EXPECT_EQ(back.memory, memory);
    EXPECT_EQ(back.stream, memory == Memory::device ? &stream : nullptr);
    EXPECT_TRUE(std::equal(back.shape.begin(), back.shape.end(), view.shape.begin(), view.shape.end()));

    // The library that got it releases it on a thread of its own.
    EXPECT_FALSE(watch.expired());
    std::thread([raw = owned.release()] { raw->deleter(raw); }).join();
    EXPECT_TRUE(watch.expired());
  }
}

TEST(Dlpack, EveryTypeComesBackAsItself) {
  const std::array<std::int64_t, 2> bytes{};
  const std::array<std::int64_t, 1> shape{2};
  for (const DataType type : {DataType::f32, DataType::f16, DataType::u8, DataType::i8, DataType::i16, DataType::i32,
                              DataType::i64, DataType::boolean}) {
    const dlpack::OwnedTensor owned = to_dlpack({"x", type, shape, bytes.data(), 2 * size_of(type)}, nullptr).value();
    EXPECT_EQ(owned->dl_tensor.dtype.bits, 8 * size_of(type));
    EXPECT_EQ(from_dlpack(owned->dl_tensor).value().type, type) << name_of(type);
  }
}

TEST(Dlpack, NumbersOfNoAxesAndOfNoElements) {
  const float number = 7;
  const dlpack::OwnedTensor scalar = to_dlpack({"x", DataType::f32, {}, &number, 4}, nullptr).value();
  EXPECT_EQ(scalar->dl_tensor.ndim, 0);
  EXPECT_EQ(from_dlpack(scalar->dl_tensor).value().as<float>()[0], 7);
  const std::array<std::int64_t, 2> shape{0, 5};
  const dlpack::OwnedTensor empty = to_dlpack({"x", DataType::f32, shape, nullptr, 0}, nullptr).value();
  EXPECT_EQ(from_dlpack(empty->dl_tensor).value().bytes, 0u);
}

TEST(Dlpack, AViewThatIsWrongIsRefused) {
  Numbers numbers;
  TensorView view = numbers.view();
  view.bytes -= 4;
  EXPECT_EQ(to_dlpack(view, nullptr).error().message,
            "a DLPack tensor of a view of 92 bytes, whose shape [2, 3, 4] needs 96");
  view.bytes += 4;
  view.data = nullptr;
  EXPECT_FALSE(to_dlpack(view, nullptr));
}

TEST(Dlpack, WithoutGapsInEveryWayOfSayingSo) {
  Foreign foreign;
  EXPECT_EQ(foreign.refusal(), "taken");
  foreign.tensor.strides = nullptr;
  EXPECT_EQ(foreign.refusal(), "taken");
  foreign.tensor.strides = foreign.strides.data();
  foreign.numbers.shape = {1, 6, 4};
  foreign.tensor.shape = foreign.numbers.shape.data();
  foreign.strides = {77, 4, 1};
  EXPECT_EQ(foreign.refusal(), "taken") << "nobody steps along an axis of one place";
  foreign.tensor.device = {3, 0};
  EXPECT_EQ(foreign.refusal(), "taken") << "pinned memory is the host's";
}

TEST(Dlpack, BytesBeginBehindTheOffset) {
  Foreign foreign;
  foreign.numbers.shape[0] = 1;
  foreign.tensor.byte_offset = 48;
  EXPECT_EQ(from_dlpack(foreign.tensor).value().data, foreign.numbers.values.data() + 12);
  foreign.tensor.byte_offset = 2;
  EXPECT_EQ(foreign.refusal(), "a DLPack tensor lies at an address that is no multiple of 4 (byte_offset 2)");
  foreign.tensor.device = {2, 3};
  foreign.tensor.byte_offset = 16;
  EXPECT_EQ(foreign.refusal(), "taken");
  foreign.tensor.byte_offset = 20;
  EXPECT_EQ(foreign.refusal(), "a DLPack tensor lies at an address that is no multiple of 16 (byte_offset 20)");
}

TEST(Dlpack, ATensorThatCannotBeTakenIsASentence) {
  Foreign foreign;
  const auto refused = [](auto change) {
    Foreign wrong;
    change(wrong.tensor, wrong);
    return wrong.refusal();
  };
  EXPECT_EQ(refused([](dlpack::Tensor& tensor, Foreign&) {
              tensor.device = {10, 0};
            }),
            "a DLPack tensor lies on a device of kind 10; the library takes those on the host (1 and 3) and on its GPU "
            "(2)");
  EXPECT_EQ(refused([](dlpack::Tensor& tensor, Foreign&) {
              tensor.device = {2, 1};
            }),
            "a DLPack tensor lies on GPU 1, the library computes on GPU 3 (MOBILENET_CUDA_DEVICE)");
  const std::string others = "; the library has f32, f16, u8, i8, i16, i32, i64, boolean";
  EXPECT_EQ(refused([](dlpack::Tensor& tensor, Foreign&) {
              tensor.dtype = {4, 16, 1};
            }),
            "a DLPack tensor has elements of code 4, bits 16, lanes 1" + others);
  EXPECT_EQ(refused([](dlpack::Tensor& tensor, Foreign&) { tensor.dtype.lanes = 4; }),
            "a DLPack tensor has elements of code 2, bits 32, lanes 4" + others);
  EXPECT_EQ(refused([](dlpack::Tensor&, Foreign& wrong) {
              wrong.strides = {12, 1, 3};
            }),
            "a DLPack tensor of shape [2, 3, 4] has the strides [12, 1, 3]: its elements do not lie one behind the "
            "other; make a contiguous copy first");
  EXPECT_EQ(refused([](dlpack::Tensor&, Foreign& wrong) { wrong.numbers.shape[1] = -3; }),
            "a DLPack tensor has the shape [2, -3, 4], which no memory has");
  EXPECT_EQ(refused([](dlpack::Tensor&, Foreign& wrong) {
              wrong.numbers.shape = {0, 1LL << 62, 4};
            }),
            "a DLPack tensor has the shape [0, 4611686018427387904, 4], which no memory has");
  EXPECT_EQ(refused([](dlpack::Tensor& tensor, Foreign&) { tensor.data = nullptr; }),
            "a DLPack tensor of shape [2, 3, 4] has no memory");
  EXPECT_EQ(refused([](dlpack::Tensor& tensor, Foreign&) { tensor.shape = nullptr; }),
            "a DLPack tensor of 3 axes has no shape");
  EXPECT_EQ(refused([](dlpack::Tensor& tensor, Foreign&) { tensor.ndim = -1; }),
            "a DLPack tensor of -1 axes has no shape");
  foreign.tensor.device = {2, 3};
  has_driver = false;
  EXPECT_EQ(foreign.refusal(), "device cuda: no driver");
  EXPECT_EQ(to_dlpack(foreign.numbers.view(Memory::device), nullptr).error().message, "device cuda: no driver");
  has_driver = true;
}

TEST(Dlpack, MemoryForAnOutput) {
  Foreign foreign;
  foreign.tensor.device = {2, 3};
  const TensorBuffer buffer = buffer_from_dlpack(foreign.tensor, DataType::f32, &foreign).value();
  EXPECT_EQ(buffer.data, foreign.numbers.values.data());
  EXPECT_EQ(buffer.bytes, sizeof foreign.numbers.values);
  EXPECT_EQ(buffer.memory, Memory::device);
  EXPECT_EQ(buffer.stream, &foreign);
  EXPECT_EQ(buffer_from_dlpack(foreign.tensor, DataType::i32).error().message,
            "a DLPack tensor has elements of f32, the output's are i32");
}

// From another library and into it, on the host.
TEST(Dlpack, OfARun) {
  const Model model = Model::random("mobilenet_v1:0.25:32:3").value();
  Session session = model.session().value();
  std::vector<float> pixels(32 * 32 * 3, 0.25f), answer(3);
  std::array<std::int64_t, 4> shape{1, 32, 32, 3};
  std::array<std::int64_t, 2> answer_shape{1, 3};
  const dlpack::Tensor from{pixels.data(), {1, 0}, 4, {2, 32, 1}, shape.data(), nullptr, 0};
  const dlpack::Tensor to{answer.data(), {1, 0}, 2, {2, 32, 1}, answer_shape.data(), nullptr, 0};
  const TensorView input = from_dlpack(from).value();
  const TensorBuffer output = buffer_from_dlpack(to, DataType::f32).value();
  ASSERT_TRUE(session.run({&input, 1}, {&output, 1}));
  const auto expected = session.run({&input, 1}).value()[0].as<float>();
  EXPECT_EQ(answer, std::vector<float>(expected.begin(), expected.end()));
}

}  // namespace

std::span<const DeviceRow> device_rows() { return kDevices; }
std::span<const DeviceInfo> devices() { return kInfos; }
std::span<const std::string_view> cpu_instruction_sets() { return {}; }

}  // namespace mobilenet
