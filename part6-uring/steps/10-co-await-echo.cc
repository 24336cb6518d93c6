// The echo of 08-callbacks as a coroutine, and part1's code again: one thing below the other, a
// while for what is repeated, one place where it ends, and the buffer is a variable. New since
// 09-smallest-coroutine: a task has a result and can be awaited. It begins when it is awaited, and
// at its end it resumes the coroutine that awaits it. Needs Linux 5.6.
// Try it: ./10-co-await-echo   and look at serve() in 08-callbacks.cc and here

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <type_traits>

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

/// Any operation that liburing has a function to prepare: Operation(io_uring_prep_recv, fd, …).
struct Operation {
  template <typename... Arguments>
  explicit Operation(void (*prepare)(io_uring_sqe*, Arguments...),
                     std::type_identity_t<Arguments>... arguments)
      : sqe(io_uring_get_sqe(&ring)) {  // one is free: a client has one in flight
    prepare(sqe, arguments...);
  }
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    waiting = caller;
    io_uring_sqe_set_data(sqe, this);
  }
  int await_resume() const { return result; }

  io_uring_sqe* sqe;
  std::coroutine_handle<> waiting;
  int result = 0;
};

// [promise]
/// A coroutine that yields an int. Owns its frame.
struct Task {
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;
  struct End : std::suspend_always {
    std::coroutine_handle<> await_suspend(Handle ended) noexcept {
      return ended.promise().awaiting;
    }
  };
  struct promise_type {
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    End final_suspend() noexcept { return {}; }
    void return_value(int value) { result = value; }
    void unhandled_exception() { std::terminate(); }
    std::coroutine_handle<> awaiting = std::noop_coroutine();
    int result = 0;
  };
  // [/promise]

  // [task]
  explicit Task(Handle its_frame) : frame(its_frame) {}
  Task(const Task&) = delete;
  ~Task() { frame.destroy(); }

  bool await_ready() const { return false; }
  Handle await_suspend(std::coroutine_handle<> caller) {
    frame.promise().awaiting = caller;
    return frame;
  }
  int await_resume() { return frame.promise().result; }

  Handle frame;
};
// [/task]

Task send_all(int fd, std::string_view rest) {
  while (!rest.empty()) {
    const int sent =
        co_await Operation(io_uring_prep_send, fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) co_return sent;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  co_return 0;
}

Task serve(int fd) {
  char buffer[5];  // small, so that there are several turns; lives as long as the frame
  int result = 0;
  while (result == 0) {
    const int got = co_await Operation(io_uring_prep_recv, fd, buffer, sizeof buffer, 0);
    std::printf("received %d\n", got);
    if (got <= 0) break;
    result = co_await send_all(fd, {buffer, static_cast<std::size_t>(got)});
  }
  if (result == 0) result = co_await send_all(fd, "bye");
  co_await Operation(io_uring_prep_close, fd);
  std::puts("closed");
  co_return result;
}

void run(const Task& task) {
  task.frame.resume();  // to its first operation
  while (!task.frame.done()) {
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
      operation->result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);
      operation->waiting.resume();
    }
  }
}

int main() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  dprintf(ends[1], "hello, ring ");
  shutdown(ends[1], SHUT_WR);
  run(serve(ends[0]));
  char answer[64] = "";
  const auto size = static_cast<int>(read(ends[1], answer, sizeof answer));
  std::printf("the client has \"%.*s\"\n", size, answer);
  close(ends[1]);
  io_uring_queue_exit(&ring);
}
