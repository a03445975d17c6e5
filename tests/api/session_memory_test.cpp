// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What a session keeps, what it gives back, and what borrowed memory it works on.

#include <gtest/gtest.h>
#include <mobilenet/mobilenet.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "formats/safetensors/safetensors_file.h"
#include "support/pictures.h"

namespace mobilenet::testing {
namespace {

std::vector<float> scores_of(std::span<const Classification> answer) {
  std::vector<float> scores;
  for (const Classification& c : answer) scores.push_back(c.score);
  return scores;
}

TEST(SessionMemory, AnswersStayAfterItWasReleased) {
  const Model model = Model::random("mobilenet_v2:0.35:64:21").value();
  const TestPicture picture(90, 70);
  Session session = model.session({.layers = {"pool"}, .profile = true}).value();
  const std::vector<float> expected = scores_of(session.classify(picture.view()).value());
  const std::vector<ImageView> many(9, picture.view());
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(session.classify(many).value().size(), many.size());
    ASSERT_TRUE(session.features(picture.view()));
    ASSERT_TRUE(session.preprocess(picture.view()));
    session.release_memory();
    EXPECT_TRUE(session.step_times().empty()) << "of a call whose memory is gone";
    EXPECT_EQ(scores_of(session.classify(picture.view()).value()), expected);
  }
}

TEST(SessionMemory, MoreBatchSizesThanAreKept) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  const TestPicture picture(32, 32);
  Session session = model.session().value();
  const std::vector<float> expected = scores_of(session.classify(picture.view()).value());
  for (std::size_t batch = 2; batch <= 20; ++batch) {
    const std::vector<ImageView> views(batch, picture.view());
    for (const auto& answer : session.classify(views).value()) EXPECT_EQ(scores_of(answer), expected) << batch;
    EXPECT_EQ(scores_of(session.classify(picture.view()).value()), expected) << "between the batches";
  }
}

TEST(SessionMemory, ABadPictureOfABatchIsNamedByItsPlace) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  const TestPicture picture(32, 32);
  Session session = model.session({.layers = {"pool"}}).value();
  std::vector<ImageView> views(5, picture.view());
  views[3] = ImageView{};
  for (const Error& error :
       {session.classify(views).error(), session.features(views).error(), session.preprocess(views).error()})
    EXPECT_NE(error.message.find("picture 4 of 5"), std::string::npos) << error.message;
  const Error alone = session.classify(ImageView{}).error();
  EXPECT_EQ(alone.message.find("picture 1 of 1"), std::string::npos) << alone.message;
}

TEST(SessionMemory, InfoAndInputSize) {
  const Model model = Model::random("mobilenet_v1:0.25:32:7").value();
  const Session session = model.session({.input_height = 48, .input_width = 64}).value();
  EXPECT_EQ(&session.info(), &model.info());
  EXPECT_EQ(session.input_height(), 48);
  EXPECT_EQ(session.input_width(), 64);
}

TEST(SessionMemory, AModelInTheCallersMemory) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "own.safetensors";
  const Model saved = Model::random("mobilenet_v1:0.25:32:7").value();
  ASSERT_TRUE(saved.save(file, DataType::f32));
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  const TestPicture picture(32, 32);
  Session first = saved.session().value();
  const std::vector<float> expected = scores_of(first.classify(picture.view()).value());
  for (const std::size_t shift : {0, 1}) {  // the second does not lie at a multiple of 16
    auto owner = std::make_shared<std::vector<char>>(bytes.size() + shift);
    std::memcpy(owner->data() + shift, bytes.data(), bytes.size());
    const std::weak_ptr<std::vector<char>> watch = owner;
    {
      const auto view = std::as_bytes(std::span(*owner).subspan(shift));
      auto model = Model::from_memory(view, owner);
      ASSERT_TRUE(model);
      owner.reset();
      EXPECT_EQ(watch.expired(), shift != 0) << "kept where it was not copied";
      Session session = model->session().value();
      EXPECT_EQ(scores_of(session.classify(picture.view()).value()), expected);
    }
    EXPECT_TRUE(watch.expired());
  }
}

}  // namespace
}  // namespace mobilenet::testing
