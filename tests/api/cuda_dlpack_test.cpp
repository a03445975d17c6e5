// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Tensors of other libraries in the GPU's memory, through DLPack: a run reads and writes them where they lie.

#include <mobilenet/dlpack.h>

#include <cstring>
#include <memory>
#include <thread>
#include <utility>

#include "cuda_session.h"

namespace mobilenet::testing {
namespace {

class CudaDlpack : public WithGpu {
 protected:
  // A tensor of the device that begins as `values`; its memory goes with the last owner.
  std::shared_ptr<cuda::DeviceBuffer> upload(const std::vector<float>& values) const {
    const std::size_t bytes = values.size() * sizeof(float);
    auto buffer = std::make_shared<cuda::DeviceBuffer>(cuda::DeviceBuffer::allocate(device(), bytes).value());
    fill(*buffer, values);
    return buffer;
  }
  void fill(const cuda::DeviceBuffer& buffer, const std::vector<float>& values) const {
    const cuda::Current current(device());
    EXPECT_EQ(device().driver().cuMemcpyHtoD(buffer.address(), values.data(), buffer.bytes()), CUDA_SUCCESS);
    EXPECT_EQ(device().driver().cuStreamSynchronize(CU_STREAM_LEGACY), CUDA_SUCCESS);
  }
  std::vector<float> download(const cuda::DeviceBuffer& buffer) const {
    std::vector<float> values(buffer.bytes() / sizeof(float));
    const cuda::Current current(device());
    EXPECT_EQ(device().driver().cuMemcpyDtoHAsync(values.data(), buffer.address(), buffer.bytes(), CU_STREAM_LEGACY),
              CUDA_SUCCESS);
    EXPECT_EQ(device().driver().cuStreamSynchronize(CU_STREAM_LEGACY), CUDA_SUCCESS);
    return values;
  }
  static TensorView view_of(const cuda::DeviceBuffer& buffer, std::span<const std::int64_t> shape) {
    TensorView view{"tensor", DataType::f32, shape, cuda::as_pointer(buffer.address()), buffer.bytes()};
    view.memory = Memory::device;
    return view;
  }
};

TEST_F(CudaDlpack, TensorsOfARunStayOnTheGpu) {
  const Model model = Model::random("mobilenet_v1:0.25:32:3").value();
  Session session = model.session({.device = Device::cuda}).value();
  const std::vector<std::int64_t> shape{1, 32, 32, 3}, answer_shape{1, 3};
  std::vector<float> pixels(32 * 32 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 97) / 48 - 1;
  const TensorView on_host{"input", DataType::f32, shape, pixels.data(), pixels.size() * sizeof(float)};
  const auto shown = session.run({&on_host, 1}).value()[0].as<float>();
  const std::vector<float> expected(shown.begin(), shown.end());

  // Two tensors as another library would hand them over.
  auto pixels_there = upload(pixels), answer_there = upload(std::vector<float>(expected.size()));
  const std::weak_ptr<cuda::DeviceBuffer> watch = pixels_there;
  dlpack::OwnedTensor from = to_dlpack(view_of(*pixels_there, shape), pixels_there).value();
  const dlpack::OwnedTensor to = to_dlpack(view_of(*answer_there, answer_shape), answer_there).value();
  EXPECT_EQ(from->dl_tensor.device.device_type, 2);
  EXPECT_EQ(from->dl_tensor.device.device_id, device().number());
  EXPECT_EQ(from->dl_tensor.data, cuda::as_pointer(pixels_there->address()));
  pixels_there.reset();

  // On the library's stream, and on that of libraries that ask for no other.
  for (void* const stream : {static_cast<void*>(nullptr), static_cast<void*>(CU_STREAM_LEGACY)}) {
    const TensorView input = from_dlpack(from->dl_tensor, stream).value();
    const TensorBuffer output = buffer_from_dlpack(to->dl_tensor, DataType::f32, stream).value();
    const std::vector<float> none(expected.size(), -77);
    fill(*answer_there, none);
    ASSERT_NE(download(*answer_there), expected);
    const auto done = session.run({&input, 1}, {&output, 1});
    ASSERT_TRUE(done) << done.error().message << ", stream " << stream;
    EXPECT_EQ(download(*answer_there), expected) << "stream " << stream;
  }

  // Memory of the GPU is freed on whichever thread lets it go.
  EXPECT_FALSE(watch.expired());
  std::thread([raw = from.release()] { raw->deleter(raw); }).join();
  EXPECT_TRUE(watch.expired());
}

TEST_F(CudaDlpack, OfAnotherGpuOrBetweenAddressesIsRefused) {
  const std::vector<std::int64_t> shape{4};
  const auto there = upload({1, 2, 3, 4});
  const dlpack::OwnedTensor tensor = to_dlpack(view_of(*there, shape), there).value();
  dlpack::Tensor wrong = tensor->dl_tensor;
  wrong.device.device_id += 1;
  EXPECT_FALSE(from_dlpack(wrong));
  wrong = tensor->dl_tensor;
  wrong.byte_offset = 4;
  EXPECT_FALSE(from_dlpack(wrong));
}

}  // namespace
}  // namespace mobilenet::testing
