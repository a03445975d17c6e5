// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// The page for browsers of this machine: one thread that serves all of them. The program gives it a copy of every frame
// and goes on; a JPEG is made when somebody watches who has taken the last one, and sent to all who have.

#include <arpa/inet.h>
#include <mobilenet/encode.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "cli/live/frame_copy.h"
#include "cli/live/http_connection.h"
#include "cli/live/page_files.h"
#include "cli/live/view.h"
#include "cli/output/output.h"

namespace mobilenet::cli {
namespace {

constexpr std::size_t kMostStreams = 8;
constexpr std::size_t kMostClients = 64;  // more wait until one has left
constexpr std::size_t kMostWishes = 16;   // more are refused: nobody is there to hear them
constexpr JpegOptions kJpeg{.quality = 80, .half_colour = true};

// Of every answer: one request a connection, nothing kept, no other site's page may show it, and ours loads nothing
// from elsewhere.
constexpr std::string_view kAlways =
    "Connection: close\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'\r\n";

constexpr std::string_view kStreamType = "multipart/x-mixed-replace; boundary=frame";
// Behind a frame at once: browsers show it when they know that it is over.
constexpr std::string_view kBoundary = "\r\n--frame\r\n";

std::string head_of(std::string_view status, std::string_view type) {
  std::string head = "HTTP/1.1 ";
  head.append(status).append("\r\n").append(kAlways);
  if (!type.empty()) head.append("Content-Type: ").append(type).append("\r\n");
  return head;
}

std::string with_length(std::string head, std::size_t length) {
  return std::move(head.append("Content-Length: ").append(std::to_string(length)).append("\r\n\r\n"));
}

Message text_answer(std::string_view status, std::string_view type, std::string_view text) {
  return {with_length(head_of(status, type), text.size()).append(text), nullptr, {}};
}

Message refusal(std::string_view status, std::string_view sentence) {
  return text_answer(status, "text/plain; charset=utf-8", std::string(sentence) + '\n');
}

struct Client {
  HttpConnection connection;
  std::uint64_t shown = 0;  // the frame that it was sent last, of a stream
};

struct Wish {
  std::string_view path;
  LiveKey key;
};
constexpr std::array kWishes{Wish{"/pause", LiveKey::pause}, Wish{"/save", LiveKey::save},
                             Wish{"/overlay", LiveKey::next_overlay}};

class MjpegPage final : public LiveView {
 public:
  MjpegPage(Descriptor listener, Descriptor woken, Descriptor waker)
      : listener_(std::move(listener)), woken_(std::move(woken)), waker_(std::move(waker)) {
    // Signals are the program's: none is to be handled on this thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { serve(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~MjpegPage() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake();
    thread_.join();
  }

  Result<void> show(const ImageView& frame, std::string_view results, const LiveStatus& status) override {
    {
      const std::lock_guard lock(mutex_);
      if (failure_) return *failure_;
      if (auto copied = newest_.copy(frame); !copied) return copied;
      newest_number_ = ++frames_shown_;
      results_ = results;
      status_ = status;
    }
    wake();
    return {};
  }

  LiveKey poll() override {
    const std::lock_guard lock(mutex_);
    if (wishes_.empty()) return LiveKey::none;
    const LiveKey key = wishes_.front();
    wishes_.pop_front();
    return key;
  }

 private:
  // A pipe that is full has been woken already.
  void wake() { (void)!::write(waker_.number(), "", 1); }

  void serve() try {
    std::vector<pollfd> watched;
    while (!wait(watched)) {
      if ((watched[1].revents & POLLIN) != 0) accept_clients();
      auto watching = watched.begin() + 2;
      for (Client& client : clients_) {
        if (watching == watched.end()) break;  // has just come
        attend(client, (watching++)->revents);
      }
      send_frames();
      std::erase_if(clients_, [](const Client& client) { return client.connection.is_gone(); });
    }
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    failure_ = Error{ErrorCode::out_of_memory, std::string("the page cannot go on: ") + error.what()};
  }

  // Until a client, the program or the clock wants something. True at the end of the page.
  bool wait(std::vector<pollfd>& watched) {
    const bool open = !crowded_ && clients_.size() < kMostClients;
    watched.clear();
    watched.push_back({woken_.number(), POLLIN, 0});
    watched.push_back({listener_.number(), static_cast<short>(open ? POLLIN : 0), 0});
    for (const Client& client : clients_)
      watched.push_back({client.connection.socket(), client.connection.events(), 0});
    constexpr int kASecond = 1000;
    ::poll(watched.data(), watched.size(), clients_.empty() && open ? -1 : kASecond);
    crowded_ = false;
    std::array<char, 256> calls;
    while (::read(woken_.number(), calls.data(), calls.size()) > 0) {
    }
    const std::lock_guard lock(mutex_);
    return ending_;
  }

  void accept_clients() {
    while (clients_.size() < kMostClients) {
      Descriptor socket(accept(listener_.number(), nullptr, nullptr));
      if (socket.number() < 0) {
        // Without a descriptor to spare the client would call at once again: not before a second is over.
        crowded_ = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return;
      }
      clients_.push_back({HttpConnection(std::move(socket))});
    }
  }

  void attend(Client& client, short events) {
    HttpConnection& connection = client.connection;
    if ((events & POLLIN) != 0 && connection.read()) answer(client);
    if ((events & (POLLOUT | POLLHUP | POLLERR)) != 0 && !connection.is_gone()) connection.write();
    connection.look_at_the_clock();
  }

  void answer(Client& client) {
    HttpConnection& connection = client.connection;
    const HttpRequest& request = connection.request();
    if (connection.head() != HttpHead::complete)
      return connection.answer(refusal("400 Bad Request", "this is not a request, or one that is too long"));
    if (!asks_this_machine(request))
      return connection.answer(refusal("403 Forbidden", "open this page as 127.0.0.1 or localhost"));
    const auto wish = std::ranges::find(kWishes, request.path, &Wish::path);
    if (wish != kWishes.end()) return connection.answer(hear(request, wish->key));
    if (request.method != "GET") return connection.answer(refusal("405 Method Not Allowed", "this is only for GET"));
    const auto file = std::ranges::find(page_files(), request.path, &PageFile::path);
    if (file != page_files().end()) return connection.answer(text_answer("200 OK", file->type, file->text));
    if (request.path == "/status.json")
      return connection.answer(text_answer("200 OK", "application/json", status_text()));
    if (request.path == "/frame.jpg") return connection.answer(picture());
    if (request.path == "/stream") return begin_stream(connection);
    connection.answer(refusal("404 Not Found", "there is no such page"));
  }

  Message hear(const HttpRequest& request, LiveKey key) {
    if (request.method != "POST") return refusal("405 Method Not Allowed", "this is only for POST");
    if (!comes_from_our_page(request)) return refusal("403 Forbidden", "this is for the page itself alone");
    const std::lock_guard lock(mutex_);
    if (wishes_.size() == kMostWishes) return refusal("503 Service Unavailable", "the program is busy");
    wishes_.push_back(key);
    return {head_of("204 No Content", "") + "\r\n", nullptr, {}};
  }

  std::string status_text() {
    const std::size_t streams = count_streams();
    const std::lock_guard lock(mutex_);
    const Json status{{"fps", status_.fps},
                      {"latency_p50", status_.latency_p50},
                      {"latency_p99", status_.latency_p99},
                      {"frames", status_.frames},
                      {"dropped", status_.dropped},
                      {"paused", status_.paused},
                      {"source", status_.source},
                      {"model", status_.model},
                      {"device", status_.device},
                      {"streams", streams},
                      {"encoded", encoded_}};
    std::string text = json_line(status);
    text.erase(text.rfind('}'));
    return text + ",\"results\":" + (results_.empty() ? "null" : results_) + "}\n";
  }

  Message picture() {
    encode_newest();
    if (!jpeg_) return refusal("503 Service Unavailable", "there is no frame yet");
    return {with_length(head_of("200 OK", "image/jpeg"), jpeg_->size()), jpeg_, {}};
  }

  void begin_stream(HttpConnection& connection) {
    if (count_streams() == kMostStreams)
      return connection.answer(refusal("503 Service Unavailable", "too many are watching"));
    connection.stream({head_of("200 OK", kStreamType) + "\r\n--frame\r\n", nullptr, {}});
  }

  std::size_t count_streams() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(clients_, [](const Client& client) { return client.connection.is_stream(); }));
  }

  // To every stream that has taken the frame before; the others get a later one.
  void send_frames() {
    for (Client& client : clients_) {
      if (!client.connection.wants_more()) continue;
      encode_newest();
      if (!jpeg_ || client.shown == number_) continue;
      client.shown = number_;
      client.connection.stream({with_length("Content-Type: image/jpeg\r\n", jpeg_->size()), jpeg_, kBoundary});
    }
  }

  // Once for every frame.
  void encode_newest() {
    {
      const std::lock_guard lock(mutex_);
      if (newest_number_ == number_ || failure_) return;
      std::swap(newest_, taken_);
      number_ = newest_number_;
    }
    auto file = encode(taken_.view(), PictureFormat::jpeg, kJpeg);
    if (file) {
      jpeg_ = std::make_shared<const std::vector<std::byte>>(*std::move(file));
      ++encoded_;
    } else {
      const std::lock_guard lock(mutex_);
      failure_ = std::move(file).error();
    }
  }

  Descriptor listener_, woken_, waker_;

  std::mutex mutex_;  // of what follows
  bool ending_ = false;
  FrameCopy newest_;
  std::uint64_t newest_number_ = 0;  // stays when the frame is taken
  std::uint64_t frames_shown_ = 0;
  std::string results_;
  LiveStatus status_;
  std::deque<LiveKey> wishes_;
  std::optional<Error> failure_;  // why no frame can be shown any more

  // The thread's own.
  std::list<Client> clients_;
  bool crowded_ = false;  // the system had no place for another client
  FrameCopy taken_;
  std::uint64_t number_ = 0;  // of the frame that was taken last
  SharedBytes jpeg_;          // of that frame
  std::uint64_t encoded_ = 0;

  std::thread thread_;
};

Error cannot_serve(int port, int code) {
  std::string message = "cannot serve a page at 127.0.0.1:" + std::to_string(port) + ": " + std::strerror(code);
  if (code == EADDRINUSE) message += ": choose another port, or 0 for any that is free";
  return Error{ErrorCode::io, std::move(message)};
}

}  // namespace

Result<LivePage> serve_mjpeg(int port) {
  constexpr int kLastPort = 65535;
  if (port < 0 || port > kLastPort)
    return Error{ErrorCode::invalid_argument, "a port is 0 to 65535, not " + std::to_string(port)};
  if (const auto format = picture_format_of("frame.jpg"); !format) return format.error();

  Descriptor listener(socket(AF_INET, SOCK_STREAM, 0));
  // A page that was served a moment ago is no reason to refuse the port; one that is served now is.
  constexpr int kYes = 1;
  setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &kYes, sizeof kYes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  socklen_t size = sizeof address;
  auto* const any_address = reinterpret_cast<sockaddr*>(&address);
  std::array<int, 2> ends{-1, -1};
  if (!never_wait_on(listener) || bind(listener.number(), any_address, size) != 0 ||
      listen(listener.number(), SOMAXCONN) != 0 || getsockname(listener.number(), any_address, &size) != 0 ||
      pipe(ends.data()) != 0) {
    return cannot_serve(port, errno);
  }
  Descriptor woken(ends[0]), waker(ends[1]);
  if (!never_wait_on(woken) || !never_wait_on(waker)) return cannot_serve(port, errno);
  return LivePage{std::make_unique<MjpegPage>(std::move(listener), std::move(woken), std::move(waker)),
                  "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/"};
}

}  // namespace mobilenet::cli
