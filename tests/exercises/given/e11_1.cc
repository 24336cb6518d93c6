// Clients come and go, four at a time; each is a coroutine, and each frame comes from the heap.
// Try it: g++ -std=c++20 -O2 e11_1.cc && valgrind ./a.out 1000 2>&1 | grep allocs

#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace {

constexpr int places = 4;

/// In place of a ring: who waits goes on in his turn.
class Loop {
 public:
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) { waiting_[tail_++ % places] = coroutine; }
  void await_resume() const {}

  bool empty() const { return head_ == tail_; }
  void turn() { waiting_[head_++ % places].resume(); }

 private:
  std::coroutine_handle<> waiting_[places];
  unsigned head_ = 0, tail_ = 0;
};

/// A coroutine that begins at once, and whose frame goes when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

int talking = 0;
long answered = 0;

Detached short_talk(Loop& loop) {
  ++talking;
  co_await loop;
  ++answered;
  --talking;
}

Detached long_talk(Loop& loop, int messages) {
  ++talking;
  long sums[8] = {};  // a larger frame than the other's
  for (int i = 0; i < messages; ++i) {
    sums[i % 8] += i;
    co_await loop;
    answered += sums[i % 8] >= 0;
  }
  --talking;
}

}  // namespace

int main(int argc, char** argv) {
  const int clients = argc > 1 ? std::atoi(argv[1]) : 1000;
  Loop loop;
  for (int i = 0; i < clients; ++i) {
    while (talking == places) loop.turn();
    if (i % 3 == 0) {
      long_talk(loop, 5);
    } else {
      short_talk(loop);
    }
  }
  while (!loop.empty()) loop.turn();
  std::printf("%ld answers\n", answered);
}
