// Chapter 11's interface on chapter 7's mechanism. `co_await recv` tries; if nothing is there it
// asks epoll(7), once, and tries again when epoll reports the descriptor. The caller cannot tell
// this loop from a ring, but it makes more calls. Whether the first try pays depends on the client.
// Try it: ./03-completion-over-readiness

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

/// Begins immediately, and its frame is freed when it has ended.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::abort(); }
  };
};

struct Calls {
  int recv = 0;
  int epoll_ctl = 0;
  int epoll_wait = 0;
};

Calls calls;
bool tries_first = true;

/// An operation lives in the frame of the coroutine that waits for it, as on the ring.
struct Recv {
  int epoll;
  int fd;
  std::span<char> buffer;
  ssize_t result = 0;
  std::coroutine_handle<> waiter = {};

  bool attempt() {
    ++calls.recv;
    result = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return result >= 0 || (errno != EAGAIN && errno != EINTR);
  }
  bool await_ready() { return tries_first && attempt(); }
  void await_suspend(std::coroutine_handle<> caller) {
    waiter = caller;
    epoll_event once{.events = EPOLLIN | EPOLLONESHOT, .data = {.ptr = this}};
    ++calls.epoll_ctl;
    check(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &once), "epoll_ctl");
  }
  ssize_t await_resume() const { return result; }
};

Detached echo(int epoll, int fd) {
  char buffer[64];
  while (true) {
    const ssize_t length = co_await Recv{epoll, fd, buffer};
    if (length <= 0) break;
    check(send(fd, buffer, static_cast<std::size_t>(length), MSG_NOSIGNAL), "send");
  }
  close(fd);
}

/// One turn of the loop: an operation that is ready tries again; if it succeeds, its coroutine goes
/// on.
void turn(int epoll) {
  epoll_event events[8];
  ++calls.epoll_wait;
  const int ready = check(epoll_wait(epoll, events, 8, 0), "epoll_wait");
  for (int i = 0; i < ready; ++i) {
    auto& operation = *static_cast<Recv*>(events[i].data.ptr);
    if (operation.attempt()) {
      operation.waiter.resume();
    } else {
      operation.await_suspend(operation.waiter);
    }
  }
}

std::size_t receive_answer(int fd) {
  char answer[256];
  const ssize_t got = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

/// Three messages each.
void serve_two(const std::string& message) {
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  int clients[2];
  for (int& client : clients) {
    int pair[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    client = pair[0];
    epoll_event nothing_yet{};
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &nothing_yet), "epoll_ctl");
    echo(epoll, pair[1]);  // suspended in its first receive
  }
  calls = {};
  for (int round = 0; round < 3; ++round) {
    for (const int client : clients) check(send(client, message.data(), message.size(), 0), "send");
    std::size_t answered = 0;
    while (answered < 2 * message.size()) {
      turn(epoll);
      for (const int client : clients) answered += receive_answer(client);
    }
  }
  std::printf("%3zu bytes, %s %2d recv + %2d epoll_ctl + %d epoll_wait = %d\n", message.size(),
              tries_first ? "tries first:    " : "registers first:", calls.recv, calls.epoll_ctl,
              calls.epoll_wait, calls.recv + calls.epoll_ctl + calls.epoll_wait);
  for (const int client : clients) close(client);
  turn(epoll);
  close(epoll);
}

int main() {
  for (const std::string& message : {std::string(3, '.'), std::string(150, '.')}) {
    for (const bool first : {true, false}) {
      tries_first = first;
      serve_two(message);
    }
  }
}
