// A coroutine awaits a task, and the task an operation: who has the thread, and who has it next.
// Detached, Task and Operation are those of 17-coroutine-echo, without a ring: main does what the
// loop does there.
// Try it: ./20-who-goes-on

#include <coroutine>
#include <cstdio>
#include <exception>

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

struct Task {
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;
  struct End : std::suspend_always {
    std::coroutine_handle<> await_suspend(Handle ended) noexcept {
      std::puts("    inner has stopped: its End returns the handle of outer");
      return ended.promise().waiting;
    }
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
    std::puts("  outer has stopped: its co_await hands the thread to inner");
    frame.promise().waiting = caller;
    return frame;
  }
  int await_resume() const { return frame.promise().result; }

  Handle frame;
};

struct Operation {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    std::puts("    inner has stopped: its operation returns nothing");
    waiting = caller;
    in_flight = this;
  }
  int await_resume() const { return result; }

  void complete(int its_result) {
    result = its_result;
    waiting.resume();
  }

  static inline Operation* in_flight = nullptr;
  std::coroutine_handle<> waiting;
  int result = 0;
};

Task inner() {
  std::puts("    inner begins");
  const int sent = co_await Operation();
  std::puts("    inner goes on");
  co_return sent;
}

Detached outer() {
  std::puts("  outer begins");
  const int sent = co_await inner();
  std::printf("  outer goes on, with %d\n", sent);
}

}  // namespace

int main() {
  std::puts("main calls outer");
  outer();
  std::puts("main has the thread, and completes the operation");
  Operation::in_flight->complete(17);
  std::puts("main has the thread");
}
