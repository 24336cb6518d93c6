// An awaitable needs no kernel. An event happens once: a coroutine that awaits it goes on then, or
// does not stop at all if it has happened already. The list of those that wait costs no memory of
// its own, because its entries are the awaiters, each in the frame of its coroutine. BROKEN: the
// next entry is read when resume() has returned. By then the coroutine has ended and its frame is
// gone, so the rest of the list is lost. Fixed: it is read before. A frame that waits must not be
// destroyed here: its awaiter would have to leave the list first.
// Try it: ./44-event

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <utility>

namespace {

/// Happens once. A coroutine that awaits it goes on then, or does not stop if it has happened.
class Event {
 public:
  struct Awaiter {
    explicit Awaiter(Event& its_event) : event(its_event) {}
    Awaiter(const Awaiter&) = delete;  // the list has its address
    bool await_ready() const { return event.happened_; }
    void await_suspend(std::coroutine_handle<> coroutine) {
      waiting = coroutine;
      *event.end_ = this;
      event.end_ = &next;
    }
    void await_resume() const {}

    Event& event;
    std::coroutine_handle<> waiting;
    Awaiter* next = nullptr;
  };

  Event() = default;
  Event(const Event&) = delete;  // end_ points into it
  Awaiter operator co_await() { return Awaiter(*this); }
  void happen();
  void happen_broken();

 private:
  bool happened_ = false;
  Awaiter* first_ = nullptr;
  Awaiter** end_ = &first_;  // where the next awaiter is linked in: first come, first resumed
};

void Event::happen() {
  happened_ = true;  // before the first goes on: it may await the event again, and does not stop
  Awaiter* awaiter = std::exchange(first_, nullptr);
  while (awaiter != nullptr) {
    Awaiter* const next = awaiter->next;  // before resume(), which destroys the awaiter
    awaiter->waiting.resume();
    awaiter = next;
  }
}

void Event::happen_broken() {
  happened_ = true;
  Awaiter* awaiter = std::exchange(first_, nullptr);
  while (awaiter != nullptr) {
    awaiter->waiting.resume();
    awaiter = awaiter->next;  // the awaiter has gone with its frame
  }
}

/// Memory for all frames. What is given back is cleared, as if it were in use again, and can still
/// be read: so the broken form does the same in each run.
alignas(std::max_align_t) std::byte pool[8192];
std::size_t used = 0;

struct Detached {
  struct promise_type {
    static void* operator new(std::size_t bytes) {
      constexpr std::size_t step = alignof(std::max_align_t);
      void* const frame = &pool[used];
      used += (bytes + step - 1) / step * step;
      assert(used <= sizeof pool);
      return frame;
    }
    static void operator delete(void* frame, std::size_t bytes) { std::memset(frame, 0, bytes); }
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached runner(Event& start, const char* name) {
  std::printf("  %s awaits the start\n", name);
  co_await start;
  std::printf("  %s runs\n", name);
}

void race(const char* form, void (Event::*happen)()) {
  std::puts(form);
  Event start;
  runner(start, "alice");
  runner(start, "bob");
  std::puts("  the start");
  (start.*happen)();
  runner(start, "carol");  // late
}

}  // namespace

int main() {
  race("broken: next is read after resume()", &Event::happen_broken);
  race("fixed: next is read before", &Event::happen);
}
