// Three forms of co_await that GCC 12 compiles wrongly: an aggregate made inside the expression is
// destroyed twice, and so is what a conditional expression awaits; and in a coroutine without
// variables `if (co_await x)` goes astray. All are right where the result, or the aggregate, has a
// name first; and with Clang.
// Try it: ./15-named-first

#include <sys/wait.h>
#include <unistd.h>

#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

namespace {

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

int closed = 0;

/// Counts instead of closing.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Descriptor() { closed += fd_ >= 0; }

 private:
  int fd_;
};

std::coroutine_handle<> waiting;

/// Waits until main resumes it. Yields true.
struct Pause {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) { waiting = coroutine; }
  bool await_resume() { return true; }
};

/// Waits likewise. Yields a descriptor.
struct Open : Pause {
  Descriptor await_resume() { return Descriptor(3); }
};

struct Options {
  Descriptor listener;
  int clients_max;
};
Pause serve(Options) { return {}; }

// [forms]
Detached aggregate_inside() { co_await serve({Descriptor(3), 100}); }

Detached aggregate_named() {
  Options options{Descriptor(3), 100};
  co_await serve(std::move(options));
}

Detached either_inside() {
  const auto descriptor = closed == 0 ? co_await Open() : co_await Open();
}

Detached either_by_if() {
  if (closed == 0) {
    const auto descriptor = co_await Open();
  } else {
    const auto another = co_await Open();
  }
}

Detached result_inside() {
  if (co_await Pause()) std::_Exit(0);  // 0: the body has run
}

Detached result_named() {
  const bool paused = co_await Pause();
  if (paused) std::_Exit(0);
}
// [/forms]

void count(const char* form, Detached (*coroutine)()) {
  closed = 0;
  coroutine();
  waiting.resume();
  std::printf("%s closed %d\n", form, closed);
}

void run(const char* form, Detached (*coroutine)()) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    close(STDERR_FILENO);  // a sanitizer would have much to say
    coroutine();
    waiting.resume();
    std::_Exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const bool ran = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  std::printf("%s %s\n", form, ran ? "runs" : "does not run");
}

}  // namespace

int main() {
  count("an aggregate in the expression:", aggregate_inside);
  count("the same with a name:          ", aggregate_named);
  count("c ? co_await a : co_await b:   ", either_inside);
  count("an if and an else:             ", either_by_if);
  run("if (co_await x), its body:     ", result_inside);
  run("the same with a name:          ", result_named);
}
