// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// One client of the page: its socket, which never makes anybody wait, what it sent, and what it has not taken yet.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/live/http_request.h"

namespace mobilenet::cli {

// A descriptor that is closed.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int number() const { return number_; }

 private:
  int number_;
};

// Made so that no call waits on it and no program that is started inherits it. False where the system refuses.
bool never_wait_on(const Descriptor& descriptor);

using SharedBytes = std::shared_ptr<const std::vector<std::byte>>;  // one JPEG for all who are sent it

// What is said at once, one after the other.
struct Message {
  std::string head;
  SharedBytes body;       // may be null
  std::string_view tail;  // of static life
};

class HttpConnection {
 public:
  explicit HttpConnection(Descriptor socket);

  int socket() const { return socket_.number(); }
  short events() const;  // what to poll() for
  bool is_gone() const { return state_ == State::gone; }
  bool is_stream() const { return state_ == State::streaming; }
  // A stream all of whose last message is on its way: the next would be sent at once.
  bool wants_more() const { return is_stream() && is_sent(); }

  // Reads what there is. True once: when a request is complete, or cannot become one.
  bool read();
  HttpHead head() const { return head_; }
  const HttpRequest& request() const { return request_; }

  // The only answer, or the first of the messages of a stream.
  void answer(Message message) { say(std::move(message), State::answered); }
  void stream(Message message) { say(std::move(message), State::streaming); }
  // Sends as much as the client takes now.
  void write();
  // Gives up on a client that has done nothing for too long.
  void look_at_the_clock();

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : std::uint8_t {
    asking,     // its request is not complete
    answered,   // the answer is under way, the only one
    streaming,  // takes one message after the other
    leaving,    // all is said; a client that is closed before it has read may lose the end
    gone,
  };

  void say(Message message, State state);
  bool is_sent() const { return sent_ == message_.head.size() + body().size() + message_.tail.size(); }
  std::span<const std::byte> body() const {
    return message_.body ? std::span<const std::byte>(*message_.body) : std::span<const std::byte>();
  }

  Descriptor socket_;
  State state_ = State::asking;
  Clock::time_point until_;
  std::string received_;
  HttpHead head_ = HttpHead::incomplete;
  HttpRequest request_;  // views of received_
  Message message_;
  std::size_t sent_ = 0;
};

}  // namespace mobilenet::cli
