// The least that makes `co_await` mean "request it, let the others run, go on here when it
// completes": an awaiter that puts its own address into user_data; a coroutine that begins
// immediately and is never awaited; a loop that resumes the coroutine a completion belongs to. What
// a request needs while it is in flight is in the frame of the coroutine that awaits it. Needs
// Linux 5.4.
// Try it: ./05-smallest-coroutine

#include <liburing.h>

#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace {

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
void check_result(int result, const char* what) {
  if (result >= 0) return;
  errno = -result;
  std::perror(what);
  std::exit(1);
}

io_uring ring;
int in_flight = 0;

/// An awaiter. It lives in the frame of the coroutine that awaits it, where user_data points.
struct Nop {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    waiting = caller;
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);  // one is free: a coroutine has one in flight
    io_uring_prep_nop(sqe);
    io_uring_sqe_set_data(sqe, this);
    ++in_flight;
  }
  void await_resume() const {}

  std::coroutine_handle<> waiting;
};

/// A coroutine that nobody owns. It begins immediately, and its frame is freed at its end.
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

}  // namespace

int main() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  // [loop]
  count("alice");
  count("bob");
  std::puts("the loop begins");
  while (in_flight > 0) {
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      auto* nop = static_cast<Nop*>(io_uring_cqe_get_data(cqe));
      io_uring_cqe_seen(&ring, cqe);
      --in_flight;
      nop->waiting.resume();  // destroys the Nop
    }
  }
  // [/loop]
  io_uring_queue_exit(&ring);
}
