// A coroutine's frame is destroyed, and the frame holds the buffer of the read that the coroutine
// awaits. The kernel does not know. BROKEN: destroy immediately. The next coroutine, Bob's, gets
// the memory, and Eve's late bytes land in Bob's order; no sanitizer sees it, because the kernel
// writes them. Fixed: cancel, wait until the read has ended, destroy. Needs Linux 5.17
// (IOSQE_CQE_SKIP_SUCCESS).
// Try it: ./06-who-destroys-me

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace {

io_uring ring;

void check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
void check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  check(result, what);
}

/// Memory for one frame, so that the next one has the address of the last. malloc may do the same.
alignas(std::max_align_t) std::byte pool[1024];
bool in_use = false;

/// Begins when it is called. Its frame goes when it is destroyed, by hand.
struct Conversation {
  struct promise_type {
    static void* operator new(std::size_t bytes) {
      assert(!in_use);
      assert(bytes <= sizeof pool);
      in_use = true;
      return pool;
    }
    static void operator delete(void*) { in_use = false; }
    Conversation get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::abort(); }
  };
  std::coroutine_handle<> frame;
};

/// A read that is awaited. Its number is never used again, so no destroyed read is resumed.
class Read {
 public:
  static inline std::map<__u64, Read*> awaited;
  static inline __u64 last_number = 0;

  Read(int fd, char* bytes, std::size_t size) : number_(++last_number) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_recv(sqe, fd, bytes, size, 0);
    io_uring_sqe_set_data64(sqe, number_);
    check_result(io_uring_submit(&ring), "io_uring_submit");
  }
  ~Read() { awaited.erase(number_); }
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    waiting_ = caller;
    awaited[number_] = this;
  }
  int await_resume() const { return result_; }
  void complete(int result) {
    result_ = result;
    waiting_.resume();
  }

 private:
  const __u64 number_;
  std::coroutine_handle<> waiting_;
  int result_ = 0;
};

Conversation take_order(const char* client, int fd) {
  char order[16] = {};
  char word;
  const int got = co_await Read(fd, order, sizeof order);
  if (got < 0) co_return;  // cancelled
  std::printf("  %s orders: %s\n", client, order);
  co_await Read(fd, &word, 1);  // any byte confirms the order
  std::printf("  paid for %s: %s\n", client, order);
}

void complete_next() {
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const auto found = Read::awaited.find(io_uring_cqe_get_data64(cqe));
  const int result = cqe->res;
  io_uring_cqe_seen(&ring, cqe);
  if (found != Read::awaited.end()) return found->second->complete(result);
  std::printf("  for nobody: %d bytes\n", result);
}

void cancel_and_wait(const Conversation& conversation) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_cancel64(sqe, Read::last_number, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  io_uring_sqe_set_data64(sqe, 0);  // no read's, since a cancel that fails has a completion
  check_result(io_uring_submit(&ring), "io_uring_submit");
  while (!conversation.frame.done()) complete_next();
}

void run(const char* form, bool properly) {
  int eves[2];
  int bobs[2];
  constexpr int stream = SOCK_STREAM | SOCK_CLOEXEC;
  for (int* ends : {eves, bobs}) check(socketpair(AF_UNIX, stream, 0, ends), "socketpair");
  std::puts(form);
  // [shop]
  const Conversation eve = take_order("eve", eves[0]);
  if (properly) cancel_and_wait(eve);
  eve.frame.destroy();

  const Conversation bob = take_order("bob", bobs[0]);
  check(write(bobs[1], "100 for bob", 11), "write");
  complete_next();
  check(write(eves[1], "999 for eve", 11), "write");
  check(write(bobs[1], "!", 1), "write");
  while (!bob.frame.done()) complete_next();
  bob.frame.destroy();
  // [/shop]
  for (const int fd : {eves[0], eves[1], bobs[0], bobs[1]}) close(fd);
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  run("broken: eve is destroyed", false);
  run("fixed: eve is cancelled, has ended, is destroyed", true);
  io_uring_queue_exit(&ring);
}
