// One echo client on a ring, in callbacks: each operation is given a function that is called with
// its result. What part1 writes one below the other is now one inside the other, each level checks
// its own errors, and there is no while: what is repeated needs a name. No function owns the
// buffer, so it has to outlive them all. 46-coroutine-echo is a coroutine. Needs Linux 5.6.
// Try it: ./08-callbacks

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace {

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

using Callback = std::function<void(int result)>;

class Loop {
 public:
  Loop() { check_result(io_uring_queue_init(8, &ring_, 0), "io_uring_queue_init"); }
  ~Loop() { io_uring_queue_exit(&ring_); }

  void receive(int fd, std::span<char> into, Callback then) {
    io_uring_prep_recv(start(std::move(then)), fd, into.data(), into.size(), 0);
  }
  void send(int fd, std::span<const char> bytes, Callback then) {
    io_uring_prep_send(start(std::move(then)), fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void close(int fd, Callback then) { io_uring_prep_close(start(std::move(then)), fd); }

  /// Returns when nothing is in flight any more.
  void run() {
    while (in_flight_ > 0) {
      const int submitted = io_uring_submit_and_wait(&ring_, 1);
      if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
      io_uring_cqe* cqe;
      while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
        const std::unique_ptr<Callback> then(static_cast<Callback*>(io_uring_cqe_get_data(cqe)));
        const int result = cqe->res;
        io_uring_cqe_seen(&ring_, cqe);
        --in_flight_;
        (*then)(result);
      }
    }
  }

 private:
  /// The callback waits on the heap for its completion. (io_uring_prep_… leave user_data alone.)
  io_uring_sqe* start(Callback then) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);  // one is free: a client has one in flight
    io_uring_sqe_set_data(sqe, new Callback(std::move(then)));
    ++in_flight_;
    return sqe;
  }

  io_uring ring_;
  int in_flight_ = 0;
};

/// while (!rest.empty()) send(rest), as a function that starts itself again.
void send_all(Loop& loop, int fd, std::span<const char> rest, Callback then) {
  if (rest.empty()) return then(0);
  loop.send(fd, rest, [=, &loop](int sent) {
    if (sent < 0) return then(sent);
    send_all(loop, fd, rest.subspan(static_cast<std::size_t>(sent)), then);
  });
}

void serve(Loop& loop, int fd, std::span<char> buffer) {
  loop.receive(fd, buffer, [=, &loop](int got) {
    std::printf("received %d\n", got);
    if (got <= 0) {
      send_all(loop, fd, std::string_view("bye"),
               [=, &loop](int) { loop.close(fd, [](int) { std::puts("closed"); }); });
      return;
    }
    send_all(loop, fd, buffer.first(static_cast<std::size_t>(got)), [=, &loop](int result) {
      if (result < 0) {
        loop.close(fd, [](int) { std::puts("closed, the client had gone"); });
        return;
      }
      serve(loop, fd, buffer);
    });
  });
}

}  // namespace

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  check(write(ends[1], "hello, ring ", 12), "write");
  check(shutdown(ends[1], SHUT_WR), "shutdown");

  Loop loop;
  char buffer[5];  // small, so that there are several turns
  serve(loop, ends[0], buffer);
  loop.run();

  char answer[64];
  const int size = check(read(ends[1], answer, sizeof answer), "read");
  std::printf("the client has \"%.*s\"\n", size, answer);
  close(ends[1]);
}
