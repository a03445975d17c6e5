// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Pictures in the GPU's memory: sessions answer as for the same pixels on the host.

#include "cuda_session.h"

namespace mobilenet::testing {
namespace {

class CudaPicturesOfCallers : public WithGpu {
 protected:
  // The memory of all of a NoisePictures picture, and the picture there.
  struct Uploaded {
    cuda::DeviceBuffer buffer;
    ImageView view;
  };
  Uploaded upload(const ImageView& host) const {
    const bool has_floats = host.format == PixelFormat::rgb_float_planes;
    const std::size_t bytes =
        static_cast<std::size_t>(host.row_bytes[0]) * static_cast<std::size_t>(host.height) * (has_floats ? 3 : 1);
    Uploaded there{cuda::DeviceBuffer::allocate(device(), bytes).value(), host};
    const cuda::Current current(device());
    EXPECT_EQ(device().driver().cuMemcpyHtoD(there.buffer.address(), host.planes[0], bytes), CUDA_SUCCESS);
    EXPECT_EQ(device().driver().cuStreamSynchronize(CU_STREAM_LEGACY), CUDA_SUCCESS);
    const ImageView placed = ImageView::packed(cuda::as_pointer(there.buffer.address()), host.format, host.width,
                                               host.height, host.row_bytes[0]);
    there.view.planes = placed.planes;
    there.view.memory = Memory::device;
    return there;
  }
  const NoisePictures pictures_;
};

TEST_F(CudaPicturesOfCallers, AreAnsweredAsOnTheHost) {
  for (const char* const network : kSmallNetworks) {
    Session session = Model::random(network).value().session(on(Device::cuda)).value();
    for (std::size_t i = 0; i < NoisePictures::kCount; i += 3) {
      SCOPED_TRACE(description_of(pictures_.at(i)));
      Uploaded there = upload(pictures_.at(i));
      const std::string expected = said(session, pictures_.at(i));
      for (void* const stream : {static_cast<void*>(nullptr), static_cast<void*>(CU_STREAM_LEGACY)}) {
        there.view.stream = stream;
        EXPECT_EQ(said(session, there.view), expected) << network;
      }
    }
  }
}

TEST_F(CudaPicturesOfCallers, ShareBatchesWithThoseOfTheHost) {
  Session session = Model::random(kSmallNetworks[0]).value().session(on(Device::cuda)).value();
  std::vector<Uploaded> there;
  std::vector<ImageView> host, mixed;
  for (std::size_t i = 0; i < 12; ++i) {
    host.push_back(pictures_.at(i * 23));
    there.push_back(upload(host.back()));
    mixed.push_back(i % 3 == 1 ? host.back() : there.back().view);
  }
  const auto classes_of = [&](std::span<const ImageView> views) {
    std::vector<std::vector<float>> scores;
    for (const auto& answer : session.classify(views).value()) {
      auto& all = scores.emplace_back();
      for (const Classification& c : answer) all.insert(all.end(), {static_cast<float>(c.index), c.score});
    }
    return scores;
  };
  const auto expected = classes_of(host);
  EXPECT_EQ(classes_of(mixed), expected);
  EXPECT_EQ(classes_of(host), expected);
}

TEST_F(CudaPicturesOfCallers, AreRefusedElsewhere) {
  const Model model = Model::random(kSmallNetworks[0]).value();
  const Uploaded there = upload(pictures_.at(0));
  for (const Device device : {Device::cpu, Device::reference}) {
    Session session = model.session(on(device)).value();
    const auto refused = session.classify(there.view);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().message,
              "the picture lies in device memory, which " + std::string(name_of(device)) + " cannot reach");
  }
  Session session = model.session(on(Device::cuda)).value();
  const auto refused = session.preprocess(there.view);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(session.classify(there.view));
}

}  // namespace
}  // namespace mobilenet::testing
