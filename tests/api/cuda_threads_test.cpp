// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// Sessions of several threads on one GPU answer what those of one thread do.

#include <thread>

#include "cuda_session.h"

namespace mobilenet::testing {
namespace {

constexpr std::size_t kKinds = 40;    // of pictures
constexpr std::size_t kFrames = 400;  // of each thread

class CudaThreads : public WithGpu {
 protected:
  std::vector<std::string> alone(const Model& model) const {
    Session session = model.session(on(Device::cuda)).value();
    std::vector<std::string> answers;
    for (std::size_t kind = 0; kind < kKinds; ++kind) answers.push_back(said(session, picture(kind)));
    return answers;
  }

  // One thread a model, each beginning with another picture; all open their sessions at the same time.
  void expect_alike(const std::vector<Model>& models, const std::vector<std::vector<std::string>>& expected) const {
    std::vector<std::string> failures(models.size());
    std::vector<std::thread> callers;
    for (std::size_t caller = 0; caller < models.size(); ++caller)
      callers.emplace_back([&, caller] {
        std::string& failure = failures[caller];
        auto session = models[caller].session(on(Device::cuda));
        if (!session) failure = session.error().message;
        for (std::size_t frame = 0; frame < kFrames && failure.empty(); ++frame) {
          const std::size_t kind = (frame + caller * kKinds / 2) % kKinds;
          const std::string answer = said(*session, picture(kind));
          if (answer != expected[caller][kind])
            failure = "frame " + std::to_string(frame) + " of " + description_of(picture(kind)) +
                      (answer.empty() ? " failed" : " answered in another way");
        }
      });
    for (std::thread& caller : callers) caller.join();
    for (std::size_t caller = 0; caller < models.size(); ++caller)
      EXPECT_EQ(failures[caller], "") << "thread " << caller << ", " << models[caller].info().source;
  }

 private:
  ImageView picture(std::size_t kind) const { return pictures_.at(kind * NoisePictures::kCount / kKinds + kind % 7); }
  const NoisePictures pictures_;
};

TEST_F(CudaThreads, OfOneModelAgree) {
  for (const char* const network : kSmallNetworks) {
    // The model of the threads is fresh: whoever comes first packs its weights.
    const std::vector<std::string> expected = alone(Model::random(network).value());
    const Model model = Model::random(network).value();
    expect_alike({model, model}, {expected, expected});
  }
}

TEST_F(CudaThreads, OfTwoModelsAgree) {
  std::vector<Model> models;
  std::vector<std::vector<std::string>> expected;
  for (const char* const network : {kSmallNetworks[0], kSmallNetworks[1]}) {
    expected.push_back(alone(Model::random(network).value()));
    models.push_back(Model::random(network).value());
  }
  expect_alike(models, expected);
}

}  // namespace
}  // namespace mobilenet::testing
