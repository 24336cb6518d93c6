// The echo server of 45-two-in-flight as coroutines: one that accepts, one for each client, and one
// that ends the receives of silent clients, and the sends to clients that do not read. A cancel may
// come too late, and has a completion that belongs to no operation: the loop must expect it. Needs
// Linux 5.17.
// Try it: ./46-coroutine-echo 5882   and   nc 127.0.0.1 5882

#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <list>
#include <span>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

io_uring ring;

io_uring_sqe* free_sqe() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  if (sqe != nullptr) return sqe;
  check_result(io_uring_submit(&ring), "io_uring_submit");  // the queue is full: this empties it
  return io_uring_get_sqe(&ring);
}

/// A coroutine that belongs to nobody: it begins immediately, and its frame goes when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

/// A request that is awaited. It is part of the coroutine's frame, and its address is the
/// user_data.
struct Operation {
  bool await_ready() const { return false; }   // it has not been submitted
  int await_resume() const { return result; }  // the value of co_await

  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    waiting = caller;
    io_uring_sqe* sqe = free_sqe();
    io_uring_sqe_set_data(sqe, this);
    return sqe;
  }
  void complete(int its_result) {
    result = its_result;
    waiting.resume();  // may destroy this
  }

  std::coroutine_handle<> waiting;
  int result = 0;
};

void run() {
  while (true) {
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
      const int result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);
      if (operation == nullptr) continue;  // a cancel that came too late
      operation->complete(result);
    }
  }
}

struct Accept : Operation {
  explicit Accept(int from) : listener(from) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_accept(begin(caller), listener, nullptr, nullptr, SOCK_CLOEXEC);
  }
  int listener;
};

struct Close : Operation {
  explicit Close(int its_fd) : fd(its_fd) {}
  void await_suspend(std::coroutine_handle<> caller) { io_uring_prep_close(begin(caller), fd); }
  int fd;
};

/// A coroutine that returns an int. Owns its frame.
struct Task {
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;
  struct End : std::suspend_always {
    std::coroutine_handle<> await_suspend(Handle ended) noexcept { return ended.promise().waiting; }
  };
  struct promise_type {
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    End final_suspend() noexcept { return {}; }
    void return_value(int value) { result = value; }
    void unhandled_exception() { std::terminate(); }
    std::coroutine_handle<> waiting = std::noop_coroutine();
    int result = 0;
  };

  explicit Task(Handle its_frame) : frame(its_frame) {}
  Task(const Task&) = delete;
  ~Task() { frame.destroy(); }

  bool await_ready() const { return false; }
  Handle await_suspend(std::coroutine_handle<> caller) {
    frame.promise().waiting = caller;
    return frame;
  }
  int await_resume() const { return frame.promise().result; }

  Handle frame;
};

struct Sleep : Operation {
  explicit Sleep(std::chrono::nanoseconds how_long) : time{0, how_long.count()} {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_timeout(begin(caller), &time, 0, 0);
  }
  __kernel_timespec time;
};

/// An operation that is cancelled when it has not completed after 300 ms.
struct Limited : Operation {
  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    due = Clock::now() + 300ms;
    where = by_deadline.insert(by_deadline.end(), this);
    return Operation::begin(caller);
  }
  int await_resume() const {
    by_deadline.erase(where);
    return result;
  }

  static inline std::list<Limited*> by_deadline;  // the earliest is due first
  Clock::time_point due;
  std::list<Limited*>::iterator where;
};

struct Receive : Limited {
  Receive(int from, std::span<char> into) : fd(from), bytes(into) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_recv(begin(caller), fd, bytes.data(), bytes.size(), 0);
  }
  int fd;
  std::span<char> bytes;
};

struct Send : Limited {
  Send(int to, std::string_view what) : fd(to), bytes(what) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_send(begin(caller), fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  int fd;
  std::string_view bytes;
};

void cancel(Limited& operation) {
  io_uring_sqe* sqe = free_sqe();
  io_uring_prep_cancel(sqe, &operation, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  io_uring_sqe_set_data(sqe, nullptr);  // one that is too late has a completion all the same
}

Detached cancel_what_is_late() {
  while (true) {
    co_await Sleep(50ms);
    for (Limited* operation : Limited::by_deadline) {
      if (operation->due > Clock::now()) break;
      cancel(*operation);
    }
  }
}

Task send_all(int fd, std::string_view rest) {
  while (!rest.empty()) {
    const int sent = co_await Send(fd, rest);
    if (sent < 0) co_return sent;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  co_return 0;
}

Detached echo(int fd) {
  char bytes[4096];
  while (true) {
    const int got = co_await Receive(fd, bytes);
    if (got <= 0) break;  // the end, an error, or cancelled
    const int sent = co_await send_all(fd, {bytes, static_cast<std::size_t>(got)});
    if (sent < 0) break;
  }
  co_await Close(fd);
  std::puts("closed");
}

Detached accept_all(int listener) {
  while (true) {
    const int fd = co_await Accept(listener);
    if (fd >= 0) {
      echo(fd);
    } else {
      co_await Sleep(100ms);  // no descriptor is free, perhaps: at once it would fail again
    }
  }
}

int listen_on(int port) {
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  check_result(io_uring_queue_init(64, &ring, 0), "io_uring_queue_init");
  accept_all(listen_on(argc > 1 ? std::atoi(argv[1]) : 0));
  cancel_what_is_late();
  run();
}
