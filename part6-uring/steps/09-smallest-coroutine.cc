// The least that makes `co_await` mean "request it, let the others run, go on here when it
// completes": an awaitable that puts its own address into user_data; a task that starts immediately
// and is never awaited; a loop that resumes the coroutine a completion belongs to. What an
// operation needs while it is in flight is in the frame of the coroutine that awaits it. Needs
// Linux 5.4.
// Try it: ./09-smallest-coroutine

#include <liburing.h>

#include <cerrno>
#include <chrono>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace {

using namespace std::chrono_literals;

int check(int result, const char* what) {
  if (result < 0) {
    errno = -result;
    std::perror(what);
    std::exit(1);
  }
  return result;
}

io_uring ring;
int in_flight = 0;

/// What is awaited. It lives in the frame of the coroutine that awaits it: user_data points there.
struct Operation {
  bool await_ready() const { return false; }   // it has not been submitted
  int await_resume() const { return result; }  // the value of co_await

  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    waiting = caller;
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);  // one is free: a coroutine has one in flight
    io_uring_sqe_set_data(sqe, this);
    ++in_flight;
    return sqe;
  }
  void complete(int its_result) {
    result = its_result;
    waiting.resume();
  }

  std::coroutine_handle<> waiting;
  int result = 0;
};

struct Nop : Operation {
  void await_suspend(std::coroutine_handle<> caller) { io_uring_prep_nop(begin(caller)); }
};

struct Sleep : Operation {
  explicit Sleep(std::chrono::nanoseconds how_long) : time{0, how_long.count()} {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_timeout(begin(caller), &time, 0, 0);
  }
  __kernel_timespec time;  // the kernel reads it at submission, after await_suspend has returned
};

/// A coroutine that returns this runs to its first co_await; its frame is freed when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached count(const char* name) {
  for (int turn = 1; turn <= 3; ++turn) {
    std::printf("%s counts %d\n", name, turn);
    co_await Nop();
  }
  std::printf("%s is done\n", name);
}

Detached doze() {
  const auto begin = std::chrono::steady_clock::now();
  const int result = co_await Sleep(20ms);
  const bool slept = std::chrono::steady_clock::now() - begin >= 20ms;
  std::printf("%s: %s\n", slept ? "slept" : "did not sleep", std::strerror(-result));
}

void run() {
  while (in_flight > 0) {
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted != -EINTR) check(submitted, "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
      const int result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);
      --in_flight;
      operation->complete(result);
    }
  }
}

}  // namespace

int main() {
  check(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  count("alice");
  count("bob");
  std::puts("the loop begins");
  run();
  doze();
  run();
  io_uring_queue_exit(&ring);
}
