// E17.2: chapter 11's server on chapter 7's mechanism. One awaitable serves accept, receive and
// send: it tries, and after EAGAIN it waits in epoll(7) until the descriptor is ready.

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "common/frame_reader.h"
#include "common/net/listen.h"

namespace {

constexpr std::uint32_t payload_bytes_max = 65'536;
constexpr std::size_t receive_buffer_bytes = 16'384;
constexpr int batch_events_max = 64;

void check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
}

/// A coroutine without an owner: it begins immediately, and its frame is freed when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::abort(); }
  };
};

// [until]
/// An operation that got EAGAIN and has to be tried again. It lives in the coroutine's frame, and a
/// descriptor has one at a time, so an event can find its operation.
class Pending {
 public:
  /// Called when the descriptor is ready. Tries, and either resumes the coroutine or waits again.
  virtual void ready() = 0;

 protected:
  ~Pending() = default;
};

/// `co_await Until(...)` yields the first result of `attempt` that isn't EAGAIN.
template <typename Attempt>
class Until final : public Pending {
 public:
  Until(int epoll, int fd, std::uint32_t events, Attempt attempt)
      : epoll_(epoll), fd_(fd), events_(events), attempt_(attempt) {}

  bool await_ready() {
    result_ = attempt_();
    return result_ >= 0 || (errno != EAGAIN && errno != EINTR);
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    epoll_event once{.events = events_ | EPOLLONESHOT,
                     .data = {.ptr = static_cast<Pending*>(this)}};
    check(epoll_ctl(epoll_, EPOLL_CTL_MOD, fd_, &once), "epoll_ctl");
  }
  ssize_t await_resume() const { return result_; }

  void ready() override {
    if (await_ready()) {
      waiter_.resume();
    } else {
      await_suspend(waiter_);
    }
  }

 private:
  int epoll_;
  int fd_;
  std::uint32_t events_;
  Attempt attempt_;
  ssize_t result_ = 0;
  std::coroutine_handle<> waiter_;
};
// [/until]

void watch(int epoll, int fd) {
  epoll_event nothing_yet{};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &nothing_yet), "epoll_ctl");
}

/// Appends the messages that these bytes complete to `answers`. False if a message is too long.
bool echo(common::FrameReader& reader, common::ByteView received, common::Bytes& answers) {
  reader.feed(received);
  while (true) {
    const auto message = reader.next();
    if (!message) return false;
    if (!*message) return true;
    common::append_frame(**message, answers);
  }
}

// [serve]
Detached serve(int epoll, common::Fd socket) {
  const int fd = socket.get();
  watch(epoll, fd);
  common::FrameReader reader(payload_bytes_max);
  common::Bytes answers;
  std::array<std::byte, receive_buffer_bytes> buffer;
  const auto receive = [&] { return ::recv(fd, buffer.data(), buffer.size(), 0); };
  bool trusted = true;
  while (trusted) {
    const ssize_t received = co_await Until(epoll, fd, EPOLLIN, receive);
    if (received < 0) co_return;  // a reset: the client has gone
    if (received == 0) break;
    trusted = echo(reader, std::span(buffer).first(static_cast<std::size_t>(received)), answers);
    common::ByteView left = answers;
    const auto send = [&] { return ::send(fd, left.data(), left.size(), MSG_NOSIGNAL); };
    while (!left.empty()) {
      const ssize_t sent = co_await Until(epoll, fd, EPOLLOUT, send);
      if (sent < 0) co_return;
      left = left.subspan(static_cast<std::size_t>(sent));
    }
    answers.clear();
  }
  if (::shutdown(fd, SHUT_WR) < 0) co_return;
  ssize_t discarded = 1;  // closing with input unread would destroy the last answers
  while (discarded > 0) discarded = co_await Until(epoll, fd, EPOLLIN, receive);
}
// [/serve]

Detached accept_all(int epoll, const common::Fd& listener) {
  watch(epoll, listener.get());
  const auto accept = [&] {
    return ::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  };
  while (true) {
    const ssize_t accepted = co_await Until(epoll, listener.get(), EPOLLIN, accept);
    if (accepted >= 0) {
      serve(epoll, common::Fd(static_cast<int>(accepted)));
    } else if (errno != ECONNABORTED) {
      std::perror("accept");  // no descriptor is left, and without a timer all clients wait
      ::poll(nullptr, 0, 100);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  const std::string_view text = argc == 2 ? argv[1] : "";
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || parsed.ec != std::errc()) {
    std::fputs("which port?\n", stderr);
    return 2;
  }
  const auto listener = common::listen_on(*common::Address::parse("127.0.0.1", port),
                                          common::SocketMode::nonblocking);
  if (!listener) {
    std::fprintf(stderr, "%s\n", listener.error().message().c_str());
    return 1;
  }

  const common::Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  check(epoll.get(), "epoll_create1");
  accept_all(epoll.get(), *listener);
  while (true) {
    epoll_event events[batch_events_max];
    const int ready = epoll_wait(epoll.get(), events, batch_events_max, -1);
    for (int i = 0; i < ready; ++i) static_cast<Pending*>(events[i].data.ptr)->ready();
  }
}
