// Three conversations wait for their clients, and the loop stops. BROKEN, forgotten: their frames
// are never destroyed, and the descriptors in them never closed. BROKEN, destroyed where they wait:
// the descriptors are closed, but no line after the co_await runs. Fixed: their reads are
// cancelled, and the loop goes on until each has come to its end. Needs Linux 5.17.
// Try it: ./42-left-over

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

namespace {

io_uring ring;

/// For what returns a negative errno instead of -1, as liburing's functions do.
void check_result(int result, const char* what) {
  if (result >= 0) return;
  errno = -result;
  std::perror(what);
  std::exit(1);
}

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

/// A read that is awaited. All that are in flight are known.
class Read {
 public:
  static inline std::vector<Read*> in_flight;

  Read(int fd, char& byte) : fd_(fd), byte_(byte) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);  // one is free: a client has one in flight
    io_uring_prep_recv(sqe, fd_, &byte_, 1, 0);
    io_uring_sqe_set_data(sqe, this);
    in_flight.push_back(this);
  }
  int await_resume() const { return result_; }

  void cancel() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_cancel(sqe, this, 0);
    io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
    io_uring_sqe_set_data(sqe, nullptr);  // no read's: one that fails has a completion all the same
  }
  /// The operation has completed. Returns the coroutine that waits for it.
  std::coroutine_handle<> complete(int result) {
    result_ = result;
    std::erase(in_flight, this);
    return waiting_;
  }

 private:
  const int fd_;
  char& byte_;
  std::coroutine_handle<> waiting_;
  int result_ = 0;
};

struct Socket {
  explicit Socket(int open) : fd(open) {}
  Socket(const Socket&) = delete;
  ~Socket() { close(fd); }
  const int fd;
};

// [serve]
Detached serve(int fd) {
  const Socket client(fd);
  char byte;
  while (true) {
    const int got = co_await Read(client.fd, byte);
    if (got <= 0) break;
    send(client.fd, &byte, 1, 0);
  }
  send(client.fd, "bye", 3, 0);
}
// [/serve]

/// Submits, waits for one completion, and hands it to the read that it is for.
std::coroutine_handle<> next() {
  check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_peek_cqe(&ring, &cqe), "io_uring_peek_cqe");
  auto* read = static_cast<Read*>(io_uring_cqe_get_data(cqe));
  const int result = cqe->res;
  io_uring_cqe_seen(&ring, cqe);
  if (read == nullptr) return std::noop_coroutine();  // a cancel request that came too late
  return read->complete(result);
}

// [forms]
void return_and_forget() {}
void destroy_frames() {
  for (Read* read : Read::in_flight) read->cancel();
  while (!Read::in_flight.empty()) next().destroy();  // the kernel has let go of its buffer
}

void run_to_the_end() {
  for (Read* read : Read::in_flight) read->cancel();
  while (!Read::in_flight.empty()) next().resume();  // with -ECANCELED
}
// [/forms]

/// What a client has, now that the loop has stopped.
const char* heard(int fd) {
  char bytes[4];
  const ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (size < 0) return "nothing, and is still connected";
  return size == 3 ? "\"bye\"" : "end of stream";
}

void run(const char* form, void (*stop)()) {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  int clients[3];
  for (int& client : clients) {
    int ends[2];
    const int result = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
    check_result(result < 0 ? -errno : 0, "socketpair");
    client = ends[1];
    serve(ends[0]);
  }
  check_result(io_uring_submit(&ring), "io_uring_submit");
  stop();
  std::puts(form);
  for (const int client : clients) {
    std::printf("  a client has %s\n", heard(client));
    close(client);
  }
  destroy_frames();  // what was forgotten, so that the step itself leaks nothing
  io_uring_queue_exit(&ring);
}

}  // namespace

int main() {
  run("broken: forgotten", return_and_forget);
  run("broken: destroyed", destroy_frames);
  run("fixed: run to their ends", run_to_the_end);
}
