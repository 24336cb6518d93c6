// serve() reads like a server for one client, and runs twice on one thread. Each co_await puts an
// operation into the ring and suspends its coroutine; `line` and `reads` wait in the coroutine's
// frame. While a has sent half a line, b is served. The clients are a coroutine on the same ring:
// the loop does not know what it resumes. Needs Linux 5.6.
// Try it: ./11-two-clients

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>

namespace {

io_uring ring;

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

/// A coroutine and its frame. It begins immediately, and runs to its first co_await.
class Task {
 public:
  struct promise_type {
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }  // the frame goes with the Task
    void return_void() {}
    void unhandled_exception() { std::abort(); }
  };
  ~Task() { frame_.destroy(); }
  Task(const Task&) = delete;
  bool done() const { return frame_.done(); }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit Task(Handle frame) : frame_(frame) {}
  Handle frame_;
};

/// What is awaited. It is in the frame of the coroutine that awaits it; user_data is its address.
class Operation {
 public:
  template <typename... Arguments>
  explicit Operation(void (*prepare)(io_uring_sqe*, Arguments...),
                     std::type_identity_t<Arguments>... arguments)
      : sqe_(io_uring_get_sqe(&ring)) {
    prepare(sqe_, arguments...);
  }
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    waiter_ = caller;
    io_uring_sqe_set_data(sqe_, this);
  }
  int await_resume() const { return check_result(result_, "operation"); }
  void complete(int result) {
    result_ = result;
    waiter_.resume();
  }

 private:
  io_uring_sqe* sqe_;
  std::coroutine_handle<> waiter_;
  int result_ = 0;
};

Task serve(const char* name, int fd) {
  std::string line;
  int reads = 0;
  char bytes[64];
  while (true) {
    const int n = co_await Operation(io_uring_prep_recv, fd, bytes, sizeof bytes, 0);
    if (n == 0) break;  // the end of the stream; an error ends the step
    ++reads;
    line.append(bytes, static_cast<std::size_t>(n));
    if (!line.ends_with('\n')) continue;
    co_await Operation(io_uring_prep_send, fd, line.data(), line.size(), 0);
    line.clear();
  }
  std::printf("%s has left; reads: %d\n", name, reads);
  close(fd);
}

Task talk(int a, int b) {
  char bytes[64];
  co_await Operation(io_uring_prep_send, a, "half a line, ", 13, 0);
  co_await Operation(io_uring_prep_send, b, "a line\n", 7, 0);
  int n = co_await Operation(io_uring_prep_recv, b, bytes, sizeof bytes, 0);
  std::printf("b gets: %.*s", n, bytes);
  co_await Operation(io_uring_prep_send, a, "and the rest\n", 13, 0);
  n = co_await Operation(io_uring_prep_recv, a, bytes, sizeof bytes, 0);
  std::printf("a gets: %.*s", n, bytes);
  for (const int fd : {a, b}) {
    check(shutdown(fd, SHUT_WR), "shutdown");
    co_await Operation(io_uring_prep_recv, fd, bytes, sizeof bytes,
                       0);  // until the server has closed, too
    close(fd);
  }
}

void run_until(const Task& last) {
  while (!last.done()) {
    check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
    io_uring_cqe* cqe = nullptr;
    check_result(io_uring_peek_cqe(&ring, &cqe), "io_uring_peek_cqe");
    auto* const operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
    const int result = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
    operation->complete(result);
  }
}

}  // namespace

int main() {
  int a[2];
  int b[2];
  constexpr int stream = SOCK_STREAM | SOCK_CLOEXEC;
  for (int* ends : {a, b}) check(socketpair(AF_UNIX, stream, 0, ends), "socketpair");
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  const Task first = serve("a", a[0]);
  const Task second = serve("b", b[0]);
  const Task clients = talk(a[1], b[1]);
  run_until(clients);
  io_uring_queue_exit(&ring);
}
