// Prints the lines of several FIFOs as they arrive, after the number of their FIFO, and at the end
// the number of lines: ./e11_2 FIFO…

#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

int check_result(int result, const char* what) {
  if (result < 0) {
    errno = -result;
    std::perror(what);
    std::exit(1);
  }
  return result;
}

io_uring ring;

// [task]
/// A coroutine that begins when it is awaited, and yields a T. Owns its frame.
template <typename T>
class [[nodiscard]] Task {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  struct FinalAwaiter : std::suspend_always {
    std::coroutine_handle<> await_suspend(Handle ended) noexcept {
      return ended.promise().continuation;  // returned, not resumed: the stack does not grow
    }
  };
  struct promise_type {
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    FinalAwaiter final_suspend() noexcept { return {}; }
    void return_value(T result) { value = std::move(result); }
    void unhandled_exception() { std::terminate(); }
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::optional<T> value;
  };
  // [/task]

  explicit Task(Handle frame) : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  ~Task() {
    if (frame_) frame_.destroy();
  }

  // [awaiter]
  bool await_ready() const { return false; }
  Handle await_suspend(std::coroutine_handle<> caller) {
    frame_.promise().continuation = caller;
    return frame_;
  }
  T await_resume() { return std::move(*frame_.promise().value); }
  // [/awaiter]

  // For the first of them, which no coroutine awaits.
  void start() { frame_.resume(); }
  bool done() const { return frame_.done(); }
  const T& result() const { return *frame_.promise().value; }

 private:
  Handle frame_;
};

// [read]
/// A read that is awaited. It is a part of the awaiting coroutine's frame.
class Read {
 public:
  Read(int fd, std::span<char> into) : fd_(fd), into_(into) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    caller_ = caller;
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);  // one is free: each FIFO has one read in flight
    io_uring_prep_read(sqe, fd_, into_.data(), static_cast<unsigned>(into_.size()), 0);
    io_uring_sqe_set_data(sqe, this);
  }
  int await_resume() const { return check_result(result_, "read"); }

  void complete(int result) {
    result_ = result;
    caller_.resume();  // may destroy this
  }

 private:
  int fd_;
  std::span<char> into_;
  std::coroutine_handle<> caller_;
  int result_ = 0;
};
// [/read]

struct Input {
  int fd;
  std::vector<char> buffer = std::vector<char>(65536);
  std::string_view unread{};
};

// [read_line]
/// The next line. At the end of the stream, the rest, and then nothing.
Task<std::optional<std::string>> read_line(Input& input) {
  std::string line;
  while (true) {
    const std::size_t end = input.unread.find('\n');
    line += input.unread.substr(0, end);
    if (end != input.unread.npos) {
      input.unread.remove_prefix(end + 1);
      co_return line;
    }
    const int got = co_await Read(input.fd, input.buffer);
    input.unread = {input.buffer.data(), static_cast<std::size_t>(got)};
    if (got > 0) continue;
    if (line.empty()) co_return std::nullopt;
    co_return line;
  }
}

Task<int> print_lines(int number, int fd) {
  Input input{.fd = fd};
  for (int count = 0;; ++count) {
    const auto line = co_await read_line(input);
    if (!line) co_return count;
    std::printf("%d: %s\n", number, line->c_str());
  }
}
// [/read_line]

void turn() {
  std::fflush(stdout);  // lines since the last sleep
  const int result = io_uring_submit_and_wait(&ring, 1);
  if (result != -EINTR) check_result(result, "io_uring_submit_and_wait");
  io_uring_cqe* cqe = nullptr;
  while (io_uring_peek_cqe(&ring, &cqe) == 0) {
    auto* read = static_cast<Read*>(io_uring_cqe_get_data(cqe));
    const int got = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
    read->complete(got);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: e11_2 FIFO…\n", stderr);
    return 2;
  }
  check_result(io_uring_queue_init(static_cast<unsigned>(argc), &ring, 0), "io_uring_queue_init");
  std::vector<Task<int>> tasks;
  for (int i = 1; i < argc; ++i) {
    const int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
    check_result(fd < 0 ? -errno : fd, argv[i]);
    tasks.push_back(print_lines(i, fd));
    tasks.back().start();
  }
  int lines = 0;
  for (const Task<int>& task : tasks) {
    while (!task.done()) turn();
    lines += task.result();
  }
  std::printf("%d lines\n", lines);
}
