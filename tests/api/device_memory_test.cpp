// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a session hands to a backend that takes device memory: the caller's pointers and stream, unchanged. This program
// has a table of devices of its own: `cpu` is such a backend, around `reference`. Its device memory has addresses that
// nobody can read, so a session that looks inside ends the test.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>
#include <sys/mman.h>

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/host_request.h"
#include "backend/reference/reference_backend.h"
#include "backend/registry.h"
#include "base/error.h"
#include "formats/weights/framework_weights.h"
#include "models/models.h"

namespace mobilenet {
namespace {

struct Toy {
  std::map<const void*, std::vector<std::byte>> memory;  // by addresses of a page that nobody may read
  bool takes_device = true;
  std::vector<TensorMemory> inputs, outputs;  // of the last request
  void* stream = nullptr;

  void* allocate(std::size_t bytes) {
    static auto* const page =
        static_cast<std::byte*>(mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::byte* const address = page + memory.size();
    memory[address].resize(bytes);
    return address;
  }
};
Toy toy;

class ToyExecution final : public Execution {
 public:
  explicit ToyExecution(std::unique_ptr<Execution> inner) : inner_(std::move(inner)) {}
  std::span<const TensorMemory> inputs() const override { return inner_->inputs(); }
  std::span<const TensorMemory> outputs() const override { return inner_->outputs(); }

  Result<Ticket> submit(const RunRequest& request) override {
    toy.inputs.assign(request.inputs.begin(), request.inputs.end());
    toy.outputs.assign(request.outputs.begin(), request.outputs.end());
    toy.stream = request.stream;
    for (const std::span<const TensorMemory> tensors : {request.inputs, request.outputs})
      for (const TensorMemory& tensor : tensors)
        if (tensor.memory == Memory::device && !toy.memory.contains(tensor.data))
          return failure(ErrorCode::invalid_argument, "a tensor of the run lies on another device");
    for (std::size_t i = 0; i < request.inputs.size(); ++i)
      if (const std::byte* from = bytes_of(request.inputs[i]); from != inputs()[i].data)
        std::memcpy(inputs()[i].data, from, inputs()[i].bytes);
    MOBILENET_CHECK(inner_->run());
    for (std::size_t i = 0; i < request.outputs.size(); ++i)
      if (std::byte* to = bytes_of(request.outputs[i]); to != outputs()[i].data)
        std::memcpy(to, outputs()[i].data, outputs()[i].bytes);
    return Ticket{1};
  }
  Result<void> wait(Ticket) override { return {}; }

 private:
  static std::byte* bytes_of(const TensorMemory& tensor) {
    return tensor.memory == Memory::device ? toy.memory.at(tensor.data).data() : tensor.data;
  }
  std::unique_ptr<Execution> inner_;
};

class ToyProgram final : public Program {
 public:
  explicit ToyProgram(std::shared_ptr<const Program> inner) : inner_(std::move(inner)) {}
  Result<std::unique_ptr<Execution>> open(const ExecutionOptions& options) const override {
    MOBILENET_TRY(auto inner, inner_->open(options));
    return std::unique_ptr<Execution>(std::make_unique<ToyExecution>(std::move(inner)));
  }
  std::string_view isa() const override { return "toy"; }

 private:
  std::shared_ptr<const Program> inner_;
};

class ToyBackend final : public Backend {
 public:
  Result<void> supports(const ModelGraph& graph) const override { return reference_backend().supports(graph); }
  Result<std::shared_ptr<const Weights>> pack(std::shared_ptr<const ModelGraph> graph,
                                              Precision precision) const override {
    return reference_backend().pack(std::move(graph), precision);
  }
  bool accepts(Memory memory) const override { return memory == Memory::host || toy.takes_device; }
  Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const Weights> weights,
                                                 const CompileRequest& request) const override {
    MOBILENET_TRY(auto inner, reference_backend().compile(std::move(weights), request));
    return std::shared_ptr<const Program>(std::make_shared<ToyProgram>(std::move(inner)));
  }
};

Result<const Backend*> toy_backend() {
  static const ToyBackend backend;
  return &backend;
}
Result<const Backend*> reference() { return &reference_backend(); }

constexpr std::array kDevices{DeviceRow{{Device::cpu, "toy", "has memory of its own"}, &toy_backend},
                              DeviceRow{{Device::reference, "reference", "plain"}, &reference}};
constexpr std::array kInfos = infos_of(kDevices);

class DeviceMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    toy = {};
    for (std::size_t i = 0; i < pixels_.size(); ++i) pixels_[i] = static_cast<float>(i % 97) / 48 - 1;
    input_ = {"input", DataType::f32, shape_, pixels_.data(), pixels_.size() * sizeof(float)};
    Session host = model_.session({.device = Device::reference, .tensors = {"pointwise3"}}).value();
    for (const TensorView& view : host.run({&input_, 1}).value())
      expected_.emplace_back(view.as<std::byte>().begin(), view.as<std::byte>().end());
  }

  // The same on the device.
  TensorView device_input() {
    TensorView view = input_;
    view.memory = Memory::device;
    view.data = toy.allocate(view.bytes);
    std::memcpy(toy.memory.at(view.data).data(), pixels_.data(), view.bytes);
    return view;
  }
  TensorBuffer device_buffer(std::size_t output) {
    const std::size_t bytes = expected_[output].size();
    return {toy.allocate(bytes), bytes, Memory::device};
  }
  TensorBuffer host_buffer(std::size_t output) {
    host_[output].assign(expected_[output].size(), std::byte{});
    return {host_[output].data(), host_[output].size()};
  }

  const Model model_ = Model::random("mobilenet_v1:0.25:32:3").value();
  Session session_ = model_.session({.tensors = {"pointwise3"}}).value();
  const std::vector<std::int64_t> shape_{1, 32, 32, 3};
  std::vector<float> pixels_ = std::vector<float>(32 * 32 * 3);
  TensorView input_;
  std::vector<std::vector<std::byte>> expected_;  // outputs
  std::array<std::vector<std::byte>, 2> host_;
  int streams_[2] = {};
};

TEST_F(DeviceMemory, ArrivesUnchanged) {
  TensorView input = device_input();
  std::array buffers{device_buffer(0), device_buffer(1)};
  for (void* const stream : {static_cast<void*>(nullptr), static_cast<void*>(&streams_[0])}) {
    input.stream = buffers[0].stream = stream;  // one that is ready for any beside them
    ASSERT_TRUE(session_.run({&input, 1}, buffers));
    EXPECT_EQ(toy.stream, stream);
    ASSERT_EQ(toy.inputs.size(), 1u);
    EXPECT_EQ(toy.inputs[0].data, input.data);
    EXPECT_EQ(toy.inputs[0].memory, Memory::device);
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(toy.outputs.at(i).data, buffers[i].data);
      EXPECT_EQ(toy.outputs.at(i).memory, Memory::device);
      EXPECT_EQ(toy.memory.at(buffers[i].data), expected_[i]);
    }
  }
}

TEST_F(DeviceMemory, BesideMemoryOfTheHost) {
  const TensorView inputs[] = {device_input(), input_};
  for (const TensorView& input : inputs) {
    const std::array buffers{host_buffer(0), device_buffer(1)};
    ASSERT_TRUE(session_.run({&input, 1}, buffers));
    EXPECT_EQ(toy.inputs.at(0).data, input.data) << "the host's too: no copy";
    EXPECT_EQ(toy.inputs[0].memory, input.memory);
    EXPECT_EQ(toy.outputs.at(0).data, buffers[0].data);
    EXPECT_EQ(host_[0], expected_[0]);
    EXPECT_EQ(toy.memory.at(buffers[1].data), expected_[1]);

    const auto shown = session_.run({&input, 1}).value();
    EXPECT_TRUE(toy.outputs.empty()) << "no memory of the caller is left from the run before";
    for (std::size_t i = 0; i < shown.size(); ++i) {
      EXPECT_EQ(shown[i].memory, Memory::host);
      EXPECT_EQ(std::memcmp(shown[i].data, expected_[i].data(), expected_[i].size()), 0);
    }
  }
}

TEST_F(DeviceMemory, ThatCannotBeTakenIsASentence) {
  TensorView input = device_input();
  const std::array host{host_buffer(0), host_buffer(1)};
  std::array buffers{device_buffer(0), device_buffer(1)};
  const auto message = [&](const TensorView& view, std::span<const TensorBuffer> outputs) {
    const auto done = session_.run({&view, 1}, outputs);
    return done ? std::string("done") : done.error().message;
  };
  toy.takes_device = false;
  EXPECT_EQ(message(input, host), "mobilenet_v1:0.25:32:3: input input lies in device memory, which toy cannot reach");
  EXPECT_EQ(message(input_, buffers),
            "mobilenet_v1:0.25:32:3: the buffer of output logits lies in device memory, which "
            "toy cannot reach");
  toy.takes_device = true;
  EXPECT_EQ(message(input, buffers), "done");
  int elsewhere = 0;
  input.data = &elsewhere;
  EXPECT_EQ(message(input, buffers), "mobilenet_v1:0.25:32:3: a tensor of the run lies on another device");
  input = device_input();
  input.stream = &streams_[0];
  buffers[1].stream = &streams_[1];
  EXPECT_EQ(message(input, buffers),
            "mobilenet_v1:0.25:32:3: the tensors of a run belong to several streams; it runs on one");
}

// Pictures there are for backends that make the network's input themselves; others and the host do not look at them.
TEST_F(DeviceMemory, IsNoPlaceForPicturesThatTheHostReads) {
  const std::vector<std::uint8_t> rgb(40 * 30 * 3, 77);
  const ImageView host = ImageView::packed(rgb.data(), PixelFormat::rgb, 40, 30);
  ImageView there = host;
  there.planes[0] = toy.allocate(rgb.size());
  there.memory = Memory::device;
  const auto message = [](const auto& done) { return done ? std::string("done") : done.error().message; };
  const std::string on_host = "the picture lies in device memory, which cannot be read here: this is done on the host";
  const ImageView both[] = {host, there};
  EXPECT_EQ(message(session_.classify(host)), "done");
  EXPECT_EQ(message(session_.classify(there)), on_host);
  EXPECT_EQ(message(session_.classify(both)), "picture 2 of 2: " + on_host);
  EXPECT_EQ(message(session_.preprocess(there)), on_host);
  toy.takes_device = false;
  EXPECT_EQ(message(session_.classify(there)), "the picture lies in device memory, which toy cannot reach");
  EXPECT_EQ(message(session_.classify(both)),
            "picture 2 of 2: the picture lies in device memory, which toy cannot reach");
  const auto refused = session_.classify(there);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(message(session_.classify(host)), "done");
}

// Channels first: an input's axes are put in order on the host alone. An output of two axes has only one order.
TEST(DeviceMemoryOfAnotherLayout, IsRefused) {
  toy = {};
  const std::string file =
      testing::hugging_face_v2(published_spec(Architecture::mobilenet_v2, 0.35, 32, 3), "mobilenet_v2.").bytes();
  Session session = Model::from_memory(std::as_bytes(std::span(file)), {}, "channels first").value().session().value();
  const std::vector<std::int64_t> shape{1, 3, 32, 32};
  const std::vector<float> pixels(3 * 32 * 32);
  TensorView input{"input", DataType::f32, shape, pixels.data(), pixels.size() * sizeof(float)};
  const std::size_t bytes = session.run({&input, 1}).value()[0].bytes;
  const TensorBuffer buffer{toy.allocate(bytes), bytes, Memory::device};
  ASSERT_TRUE(session.run({&input, 1}, {&buffer, 1}));
  EXPECT_EQ(toy.outputs.at(0).data, buffer.data);
  EXPECT_NE(toy.inputs.at(0).data, input.data);
  input.memory = Memory::device;
  const auto refused = session.run({&input, 1}, {&buffer, 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().message,
      "channels first: input pixel_values lies in device memory; its axes, which the network has in another order, "
      "are put in order on the host alone");
}

}  // namespace

std::span<const DeviceRow> device_rows() { return kDevices; }
std::span<const DeviceInfo> devices() { return kInfos; }

}  // namespace mobilenet
