// What the compiler makes of a coroutine. add() says co_await and co_return. add_by_hand() is the
// same without either: a frame that is a struct, and a function, add_body(), that goes on where it
// stopped. The two share a promise and an awaiter that print each call, and the same calls are made
// in the same order. That a frame begins with two functions and the promise is no part of C++: g++,
// clang and Visual C++ have agreed on it.
// Try it: ./14-what-the-compiler-makes

#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace {

std::vector<std::string> said;

void say(const char* line) { said.emplace_back(line); }

/// A coroutine that yields an int. Owns its frame.
struct Sum {
  struct promise_type {
    static void* operator new(std::size_t bytes) {
      say("            operator new");
      return ::operator new(bytes);
    }
    Sum get_return_object() {
      say("            promise.get_return_object");
      return Sum(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept {
      say("            promise.initial_suspend");
      return {};
    }
    std::suspend_always final_suspend() noexcept {
      say("            promise.final_suspend");
      return {};
    }
    void return_value(int value) {
      say("            promise.return_value");
      result = value;
    }
    void unhandled_exception() { std::terminate(); }
    int result = 0;
  };

  explicit Sum(std::coroutine_handle<promise_type> its_frame) : frame(its_frame) {}
  Sum(Sum&& other) noexcept : frame(std::exchange(other.frame, nullptr)) {}
  ~Sum() {
    if (frame) frame.destroy();
  }

  std::coroutine_handle<promise_type> frame;
};

std::coroutine_handle<> waiting;
int answer = 0;

/// Waits until main has an answer.
struct Answer {
  bool await_ready() {
    say("            awaiter.await_ready");
    return false;
  }
  void await_suspend(std::coroutine_handle<> coroutine) {
    say("            awaiter.await_suspend");
    waiting = coroutine;
  }
  int await_resume() {
    say("            awaiter.await_resume");
    return answer;
  }
};

Sum add(int first) {
  const int second = co_await Answer();
  co_return first + second;
}

struct Frame {
  void (*resume)(Frame*);   // called by a handle's resume(); null when done
  void (*destroy)(Frame*);  // called by a handle's destroy()
  Sum::promise_type promise;
  int first;       // the parameter, a copy
  Answer awaiter;  // the object that is awaited
  int state;       // where to go on
};

void add_body(Frame* frame) {
  if (frame->state == 0) {
    frame->state = 1;
    if (!frame->awaiter.await_ready()) {
      frame->awaiter.await_suspend(std::coroutine_handle<>::from_address(frame));
      return;
    }
  }
  const int second = frame->awaiter.await_resume();
  frame->promise.return_value(frame->first + second);
  frame->promise.final_suspend();  // suspend_always: the frame stays
  frame->resume = nullptr;
}

void destroy(Frame* frame) { delete frame; }

// [by-hand]
Sum add_by_hand(int first) {
  say("            operator new");
  auto* frame = new Frame{add_body, destroy, {}, first, {}, 0};
  Sum sum = frame->promise.get_return_object();
  frame->promise.initial_suspend();  // suspend_always: the body does not begin yet
  return sum;
}
// [/by-hand]

void use(Sum (*begin)(int)) {
  say("main calls add(1)");
  Sum sum = begin(1);
  say("main has a Sum, and resumes it");
  sum.frame.resume();
  say("main has an answer, and resumes what waits for it");
  answer = 41;
  waiting.resume();
  const bool right = sum.frame.done() && sum.frame.promise().result == 42;
  say(right ? "main has 42, and destroys the Sum" : "main has something else");
}

}  // namespace

int main() {
  use(add);
  const auto by_compiler = std::exchange(said, {});
  for (const auto& line : by_compiler) std::puts(line.c_str());
  use(add_by_hand);
  std::printf("by hand: %s %zu lines\n", said == by_compiler ? "the same" : "other", said.size());
}
