// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What sessions on a GPU take: no more after thousands of frames, all of it given back, and a sentence where the GPU is
// full.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "cuda_session.h"

namespace mobilenet::testing {
namespace {

// What the driver takes of the GPU at a time. The least that it hands out is 512 bytes: 9,000 frames that each lost as
// much would take 4.6 MB.
constexpr std::int64_t kGpuBound = 2 << 20;
// 230 bytes for each of 9,000 frames; the C library and the driver take and give back pages by themselves.
constexpr std::int64_t kHostBound = 2 << 20;

// Bytes of the process in memory, counted page by page where the system does that: statm may be off by some megabytes.
std::int64_t resident() {
  std::ifstream exact("/proc/self/smaps_rollup");
  for (std::string word; exact >> word;)
    if (std::int64_t kilobytes = 0; word == "Rss:" && exact >> kilobytes) return kilobytes << 10;
  std::ifstream pages("/proc/self/statm");
  std::int64_t all = 0, in_memory = 0;
  pages >> all >> in_memory;
  return in_memory * sysconf(_SC_PAGESIZE);
}

class CudaMemory : public WithGpu {};

// Sizes, orientations, formats and tasks change from frame to frame, and every answer that comes again is the same.
TEST_F(CudaMemory, StaysAsItIsForThousandsOfFrames) {
  constexpr std::size_t kFrames = 10000, kWarm = 1000;  // each network has seen every kind of picture after the latter
  static_assert(kWarm > kSmallNetworks.size() * NoisePictures::kCount);
  std::vector<Session> sessions;
  for (const char* const network : kSmallNetworks)
    sessions.push_back(Model::random(network).value().session(on(Device::cuda)).value());
  const NoisePictures pictures;
  std::array<std::array<std::size_t, NoisePictures::kCount>, kSmallNetworks.size()> expected{};
  std::array<std::size_t, kSmallNetworks.size()> longest{};
  std::int64_t gpu = 0, host = 0;
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t frame = 0; frame < kFrames; ++frame) {
    if (frame == kWarm) gpu = used(), host = resident();
    const std::size_t network = frame % sessions.size(), kind = frame / sessions.size() % NoisePictures::kCount;
    const ImageView picture = pictures.at(kind);
    const std::string answer = said(sessions[network], picture);
    const std::size_t hash = std::hash<std::string_view>()(answer);
    std::size_t& first = expected.at(network).at(kind);
    if (frame < sessions.size() * NoisePictures::kCount) first = hash;
    longest.at(network) = std::max(longest.at(network), answer.size());
    ASSERT_TRUE(hash == first && !answer.empty())
        << "frame " << frame << ": " << kSmallNetworks.at(network) << " of " << description_of(picture)
        << (answer.empty() ? " failed" : " answered in another way than before");
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
  const std::int64_t gpu_after = used(), host_after = resident();
  std::cout << kFrames << " frames in " << seconds.count() << " s; bytes after " << kWarm
            << " and after all of them: GPU " << gpu << " and " << gpu_after << ", process " << host << " and "
            << host_after << '\n';
  for (std::size_t network = 0; network < sessions.size(); ++network)
    EXPECT_GT(longest.at(network), sizeof(std::size_t)) << kSmallNetworks.at(network) << " found nothing at all";
  EXPECT_NEAR(static_cast<double>(gpu_after), static_cast<double>(gpu), kGpuBound);
  EXPECT_NEAR(static_cast<double>(host_after), static_cast<double>(host), kHostBound);
}

// Models, sessions, batches and graphs are made and given up.
TEST_F(CudaMemory, IsGivenBackBySessionsThatGo) {
  constexpr int kRounds = 40, kWarm = 10;
  const NoisePictures pictures;
  std::int64_t gpu = 0, host = 0;
  for (int round = 0; round <= kRounds; ++round) {
    if (round == kWarm) gpu = used(), host = resident();
    if (round == kRounds) break;
    for (const char* const network : kSmallNetworks) {
      const Model model = Model::random(network).value();
      Session session = model.session(on(Device::cuda)).value();
      ASSERT_FALSE(said(session, pictures.at(static_cast<std::size_t>(round))).empty());
      if (model.info().task != Task::classify) continue;
      // More batch sizes than a session keeps.
      for (std::size_t batch = 2; batch <= 12; ++batch)
        ASSERT_TRUE(session.classify(std::vector<ImageView>(batch, pictures.at(4)))) << batch;
      session.release_memory();
      ASSERT_TRUE(session.classify(pictures.at(1)));
    }
  }
  std::cout << "bytes after " << kWarm << " and after " << kRounds << " rounds: GPU " << gpu << " and " << used()
            << ", process " << host << " and " << resident() << '\n';
  EXPECT_NEAR(static_cast<double>(used()), static_cast<double>(gpu), kGpuBound);
}

// Takes all of the GPU but `left` bytes, for as long as it lives.
class FullGpu {
 public:
  FullGpu(const cuda::Device& device, std::size_t left) {
    constexpr std::size_t kPage = 2 << 20;  // of the driver
    std::size_t most = std::numeric_limits<std::size_t>::max();
    while (true) {
      const std::size_t there = device.memory().value().left;
      const std::size_t part = std::min(most, there > left ? there - left : 0) / kPage * kPage;
      if (part == 0) break;
      auto buffer = cuda::DeviceBuffer::allocate(device, part);
      if (buffer)
        taken_.push_back(*std::move(buffer));
      else
        most = part / 2;  // what is free lies in pieces
    }
  }

 private:
  std::vector<cuda::DeviceBuffer> taken_;
};

constexpr std::size_t kLeft = 8 << 20;
constexpr const char* kLargeNetwork = "mobilenet_v1:1.0:224:1001";  // 17 MB of weights in f32

SessionOptions in_floats(Device device) {
  SessionOptions options = on(device);
  options.precision = Precision::f32;
  return options;
}

TEST_F(CudaMemory, ThatIsLackingIsASentence) {
  const NoisePictures pictures;
  const ImageView picture = pictures.at(1);
  std::optional<Model> model = Model::random(kLargeNetwork).value();
  // Of a model of its own, whose memory goes. The driver loads kernels when they are first needed, and keeps them.
  const auto expected_on = [&](Device device) {
    Session session = Model::random(kLargeNetwork).value().session(in_floats(device)).value();
    return said(session, picture);
  };
  const std::string on_processor = expected_on(Device::cpu), on_gpu = expected_on(Device::cuda);
  const std::int64_t before = used();
  {
    const FullGpu full(device(), kLeft);
    const std::size_t left = device().memory().value().left;
    const auto refused = model->session(in_floats(Device::cuda));
    ASSERT_FALSE(refused) << "it fits into " << left << " bytes";
    const Error& error = refused.error();
    std::cout << error.message << '\n';
    EXPECT_EQ(error.code, ErrorCode::out_of_memory) << error.message;
    const std::vector<std::string> parts{text(kLargeNetwork, ": "), "taking ", text(" MB of ", device().name()),
                                         "; the GPU has ", " GB free"};
    for (const std::string& part : parts)
      EXPECT_NE(error.message.find(part), std::string::npos) << part << " is not in: " << error.message;
    Session other = model->session(in_floats(Device::automatic)).value();
    EXPECT_EQ(other.device(), "cpu");
    EXPECT_EQ(said(other, picture), on_processor);
  }
  {
    Session session = model->session(in_floats(Device::cuda)).value();
    EXPECT_EQ(said(session, picture), on_gpu);
  }
  model.reset();
  EXPECT_LE(static_cast<double>(used()), static_cast<double>(before) + kGpuBound);
}

// A session that is open already: pictures that are too large fail, those before and after them do not.
TEST_F(CudaMemory, ThatIsLackingForAPictureFailsThatPictureAlone) {
  const NoisePictures pictures;
  const ImageView small = pictures.at(2);
  constexpr int kWidth = 4000, kHeight = 3000;
  const std::vector<std::uint8_t> pixels(std::size_t{kWidth} * kHeight * 3, 77);  // 36 MB
  const ImageView large = ImageView::packed(pixels.data(), PixelFormat::rgb, kWidth, kHeight);
  Session session = Model::random(kSmallNetworks[0]).value().session(on(Device::cuda)).value();
  const std::string expected = said(session, small);
  {
    const FullGpu full(device(), kLeft);
    const auto refused = session.classify(large);
    ASSERT_FALSE(refused) << "it fits into " << device().memory().value().left << " bytes";
    std::cout << refused.error().message << '\n';
    EXPECT_EQ(refused.error().code, ErrorCode::out_of_memory) << refused.error().message;
    EXPECT_EQ(said(session, small), expected);
  }
  const auto fits = session.classify(large);
  EXPECT_TRUE(fits) << fits.error().message;
  EXPECT_EQ(said(session, small), expected);
}

}  // namespace
}  // namespace mobilenet::testing
