// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "live/moving_objects.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "live/motion.h"
#include "support/choices.h"

namespace mobilenet::testing {
namespace {

constexpr double kWidth = 1280, kHeight = 720;
constexpr double kLeastVisible = 0.1;  // of an object that counts as seen
constexpr double kOneObject = 0.6;     // boxes that overlap more are one to the detector (its suppression)
constexpr double kDipSeconds = 0.3;

constexpr Scene kScenes[] = {
    {.name = "walking"},
    {.name = "crossing", .objects = 20, .speed = 220},
    {.name = "pillars", .pillars = 4},
    {.name = "score dips", .dips = 1},
    {.name = "poor detector", .shake = 0.06, .missed = 0.15, .false_per_second = 12},
    {.name = "panning", .speed = 60, .pan = 250},
    {.name = "slow and uneven", .fps = 10, .uneven = 0.6, .gap = 0.03},
    {.name = "crowd", .objects = 40, .pillars = 2},
};

double normal(Choices& choices) {  // near enough: a sum of twelve
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += choices.real(0, 1);
  return sum;
}

struct Object {
  int number;
  int class_index;
  double x, y, width, height;  // of its centre, in the world
  double x_rate, y_rate;
  double dip_until = 0;
};

struct Ghost {
  Object object;
  double score;
  double until;
};

live::Box box_of(const Object& object) {
  return {object.x - object.width / 2, object.y - object.height / 2, object.x + object.width / 2,
          object.y + object.height / 2};
}

Detection detection_of(const live::Box& box, int class_index, double score) {
  return {class_index,
          {},
          static_cast<float>(score),
          static_cast<float>(box.left),
          static_cast<float>(box.top),
          static_cast<float>(box.right),
          static_cast<float>(box.bottom)};
}

live::Box box_of(const Detection& object) { return {object.left, object.top, object.right, object.bottom}; }

class Play {
 public:
  Play(const Scene& scene, std::uint64_t seed) : scene_(scene), choices_(seed) {
    for (int i = 0; i < scene.pillars; ++i) {
      const double x = kWidth * (i + 0.5) / scene.pillars;
      pillars_.push_back({x - 45, 0, x + 45, kHeight});
    }
    for (int i = 0; i < scene.objects; ++i) enter(choices_.real(0, kWidth));
  }

  SceneFrame frame_at(double seconds) {
    const double passed = seconds - now_;
    move(passed);
    now_ = seconds;
    haunt(passed);
    SceneFrame frame{seconds, {}, {}};
    const double camera = scene_.pan * std::sin(seconds * 2 * std::numbers::pi / 3);
    for (Object& object : objects_) {
      const double visible = visible_share(object, camera);
      if (visible < kLeastVisible) continue;
      const live::Box box = seen_from(camera, box_of(object));
      frame.truth.push_back({object.number, detection_of(box, object.class_index, 1)});
      find(object, box, visible, frame.found);
    }
    imagine(frame.found);
    suppress(frame.found);
    return frame;
  }

 private:
  void enter(double x) {
    const double height = choices_.real(60, 180);
    const bool to_the_right = x < kWidth / 2 ? !choices_.one_in(4) : choices_.one_in(4);
    Object object{next_++,
                  choices_.between(0, 1),
                  x,
                  choices_.real(150, kHeight - 100),
                  height * choices_.real(0.4, 1),
                  height,
                  0,
                  0};
    object.x_rate = scene_.speed * choices_.real(0.5, 1.5) * (to_the_right ? 1 : -1);
    object.y_rate = scene_.speed * choices_.real(-0.2, 0.2);
    objects_.push_back(object);
    // Who stands lower stands in front.
    std::sort(objects_.begin(), objects_.end(),
              [](const Object& a, const Object& b) { return box_of(a).bottom > box_of(b).bottom; });
  }

  void move(double passed) {
    const double push = scene_.speed * std::sqrt(passed);
    for (Object& object : objects_) {
      object.x_rate += push * 0.3 * normal(choices_);
      object.y_rate += push * 0.1 * normal(choices_) - object.y_rate * 0.5 * passed;
      object.x += object.x_rate * passed;
      object.y += object.y_rate * passed;
      if (choices_.real(0, 1) < scene_.dips * passed) object.dip_until = now_ + passed + kDipSeconds;
    }
    std::erase_if(objects_, [&](const Object& object) {
      return object.x < -200 || object.x > kWidth + 200 || object.y < -100 || object.y > kHeight + 100;
    });
    while (static_cast<int>(objects_.size()) < scene_.objects) enter(choices_.one_in(2) ? -150 : kWidth + 150);
  }

  static live::Box seen_from(double camera, live::Box box) {
    box.left -= camera;
    box.right -= camera;
    return box;
  }

  // Of 64 points of the object: those inside the picture, with nobody and nothing in front.
  double visible_share(const Object& object, double camera) const {
    std::vector<live::Box> covers;
    const live::Box own = box_of(object);
    for (const live::Box& pillar : pillars_)
      if (live::overlap(pillar, own) > 0) covers.push_back(pillar);
    for (const Object* other = objects_.data(); other != &object; ++other)
      if (live::overlap(box_of(*other), own) > 0) covers.push_back(box_of(*other));
    int visible = 0;
    for (int i = 0; i < 64; ++i) {
      const double x = object.x + object.width * ((i % 8 + 0.5) / 8 - 0.5);
      const double y = object.y + object.height * ((i / 8 + 0.5) / 8 - 0.5);
      const auto holds = [&](const live::Box& box) {
        return box.left <= x && x < box.right && box.top <= y && y < box.bottom;
      };
      const bool inside = x >= camera && x < camera + kWidth && y >= 0 && y < kHeight;
      visible += inside && std::none_of(covers.begin(), covers.end(), holds) ? 1 : 0;
    }
    return visible / 64.0;
  }

  Detection shaken(const Object& object, live::Box box, double score) {
    const auto shake = [&](double& edge, double size) { edge += scene_.shake * size * normal(choices_); };
    shake(box.left, object.width);
    shake(box.top, object.height);
    shake(box.right, object.width);
    shake(box.bottom, object.height);
    return detection_of(box, object.class_index, std::min(score, 0.99));
  }

  void find(const Object& object, const live::Box& box, double visible, std::vector<Detection>& found) {
    double score = 0.9 * std::pow(visible, 0.8) + 0.07 * normal(choices_);
    if (now_ < object.dip_until) score *= 0.4;
    const bool missed = choices_.real(0, 1) < scene_.missed;
    if (!missed && score > 0.05) found.push_back(shaken(object, box, score));
  }

  // Most of what is not there is doubtful.
  void haunt(double passed) {
    std::erase_if(ghosts_, [&](const Ghost& ghost) { return ghost.until < now_; });
    for (int left = static_cast<int>(scene_.false_per_second * passed + choices_.real(0, 1)); left > 0; --left) {
      const double doubt = choices_.real(0, 1), seconds = choices_.real(0, 0.8);
      ghosts_.push_back({{0, choices_.between(0, 1), choices_.real(0, kWidth), choices_.real(0, kHeight),
                          choices_.real(30, 150), choices_.real(40, 200), 0, 0},
                         0.1 + 0.6 * doubt * doubt,
                         now_ + seconds});
    }
  }

  void imagine(std::vector<Detection>& found) {
    for (const Ghost& ghost : ghosts_) {
      const double score = ghost.score + 0.07 * normal(choices_);
      if (score > 0.05) found.push_back(shaken(ghost.object, box_of(ghost.object), score));
    }
  }

  static void suppress(std::vector<Detection>& found) {
    std::sort(found.begin(), found.end(), [](const Detection& a, const Detection& b) {
      return a.score != b.score ? a.score > b.score : a.left < b.left;
    });
    std::vector<Detection> kept;
    for (const Detection& one : found)
      if (std::none_of(kept.begin(), kept.end(), [&](const Detection& other) {
            return other.class_index == one.class_index && live::overlap(box_of(other), box_of(one)) > kOneObject;
          }))
        kept.push_back(one);
    found = std::move(kept);
  }

  const Scene& scene_;
  Choices choices_;
  std::vector<Object> objects_;  // nearest first
  std::vector<Ghost> ghosts_;
  std::vector<live::Box> pillars_;
  double now_ = 0;
  int next_ = 0;
};

}  // namespace

std::span<const Scene> scenes() { return kScenes; }

std::vector<SceneFrame> play(const Scene& scene, double seconds, std::uint64_t seed) {
  Choices times(seed ^ 0xf00d);
  Play play(scene, seed);
  std::vector<SceneFrame> frames;
  for (double now = 0; now < seconds;) {
    frames.push_back(play.frame_at(now));
    now += (1 + scene.uneven * times.real(-1, 1)) / scene.fps;
    if (times.real(0, 1) < scene.gap) now += times.real(0.2, 0.5);
  }
  return frames;
}

}  // namespace mobilenet::testing
