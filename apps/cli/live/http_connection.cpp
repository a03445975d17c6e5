// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "cli/live/http_connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace mobilenet::cli {
namespace {

using std::chrono::seconds;

constexpr seconds kToAsk{5};        // from the connection to the end of its request, however it dribbles
constexpr seconds kToTakeSome{10};  // between two pieces of what it is sent
constexpr seconds kToLeave{1};

// What the system holds for a client at most, on top of what is under way: little more than a frame, so that a slow
// client sees few pictures and not old ones. (Left alone, Linux lets it grow to megabytes.)
constexpr int kSendBuffer = 128 * 1024;

bool try_again() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

bool never_wait_on(const Descriptor& descriptor) {
  const int flags = fcntl(descriptor.number(), F_GETFL);
  return flags >= 0 && fcntl(descriptor.number(), F_SETFL, flags | O_NONBLOCK) == 0 &&
         fcntl(descriptor.number(), F_SETFD, FD_CLOEXEC) == 0;
}

HttpConnection::HttpConnection(Descriptor socket) : socket_(std::move(socket)), until_(Clock::now() + kToAsk) {
  if (!never_wait_on(socket_)) state_ = State::gone;
  // Both are wishes: without them a slow client sees older pictures, and the last piece of each comes later.
  setsockopt(this->socket(), SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  constexpr int kAtOnce = 1;
  setsockopt(this->socket(), IPPROTO_TCP, TCP_NODELAY, &kAtOnce, sizeof kAtOnce);
}

short HttpConnection::events() const {
  switch (state_) {
    case State::asking:
    case State::leaving:
      return POLLIN;
    case State::answered:
      return POLLOUT;
    case State::streaming:
      return is_sent() ? POLLIN : POLLIN | POLLOUT;
    case State::gone:
      return 0;
  }
  return 0;
}

bool HttpConnection::read() {
  std::array<char, 4096> piece;
  const ssize_t count = recv(socket(), piece.data(), piece.size(), 0);
  if (count < 0 && (try_again() || errno == EINTR)) return false;
  if (count <= 0) {
    state_ = State::gone;
    return false;
  }
  if (state_ != State::asking) return false;  // bodies and further requests: nobody listens
  received_.append(piece.data(), static_cast<std::size_t>(count));
  head_ = read_head(received_, request_);
  return head_ != HttpHead::incomplete;
}

void HttpConnection::say(Message message, State state) {
  message_ = std::move(message);
  sent_ = 0;
  state_ = state;
  until_ = Clock::now() + kToTakeSome;
  write();
}

void HttpConnection::write() {
  while (!is_sent()) {
    const std::array<std::string_view, 3> parts{
        message_.head, {reinterpret_cast<const char*>(body().data()), body().size()}, message_.tail};
    std::array<iovec, 3> rest{};
    std::size_t skipped = sent_;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::size_t of_this = std::min(skipped, parts[i].size());
      rest[i] = {const_cast<char*>(parts[i].data() + of_this), parts[i].size() - of_this};
      skipped -= of_this;
    }
    msghdr header{};
    header.msg_iov = rest.data();
    header.msg_iovlen = rest.size();
    const ssize_t count = sendmsg(socket(), &header, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && try_again()) return;
    if (count <= 0) {
      state_ = State::gone;
      return;
    }
    sent_ += static_cast<std::size_t>(count);
    until_ = Clock::now() + kToTakeSome;
  }
  if (state_ != State::answered) return;
  shutdown(socket(), SHUT_WR);
  state_ = State::leaving;
  until_ = Clock::now() + kToLeave;
}

void HttpConnection::look_at_the_clock() {
  if (!wants_more() && Clock::now() > until_) state_ = State::gone;
}

}  // namespace mobilenet::cli
