// What a coroutine can wait for: requests of the ring, each part of its frame.
#pragma once

#include <liburing.h>
#include <poll.h>

#include <chrono>
#include <coroutine>
#include <exception>

// An entry of the ring, whose completion says whose it is.
inline io_uring_sqe* entry_for(io_uring& ring, void* whose) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring);
  if (!entry) {  // the queue is full: this empties it
    io_uring_submit(&ring);
    entry = io_uring_get_sqe(&ring);
  }
  io_uring_sqe_set_data(entry, whose);
  return entry;
}

// A coroutine that belongs to nobody: it begins at once, and its frame goes when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

struct Operation;

// Of a coroutine: what it waits in, which can be cancelled.
struct Waiter {
  explicit Waiter(io_uring& its_ring) : ring(its_ring) {}
  void cancel();

  io_uring& ring;
  Operation* in_flight = nullptr;
};

// A request that is awaited. It is part of a coroutine's frame, and stays there until it completes.
struct Operation {
  explicit Operation(Waiter& its_waiter) : waiter(its_waiter) {}
  bool await_ready() const { return false; }
  int await_resume() const { return result; }

  io_uring_sqe* begin(std::coroutine_handle<> caller) {
    coroutine = caller;
    waiter.in_flight = this;
    return entry_for(waiter.ring, this);
  }
  void complete(int its_result) {
    result = its_result;
    waiter.in_flight = nullptr;
    coroutine.resume();
  }

  Waiter& waiter;
  std::coroutine_handle<> coroutine;
  int result = 0;
};

inline void Waiter::cancel() {
  if (in_flight) {
    io_uring_sqe* const entry = entry_for(ring, nullptr);
    io_uring_prep_cancel(entry, in_flight, 0);
    io_uring_sqe_set_flags(entry, IOSQE_CQE_SKIP_SUCCESS);
  }
}

struct Poll : Operation {
  Poll(Waiter& its_waiter, int its_fd) : Operation(its_waiter), fd(its_fd) {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_poll_add(begin(caller), fd, POLLIN);
  }
  int fd;
};

struct Sleep : Operation {
  Sleep(Waiter& its_waiter, std::chrono::nanoseconds how_long)
      : Operation(its_waiter), time{0, how_long.count()} {}
  void await_suspend(std::coroutine_handle<> caller) {
    io_uring_prep_timeout(begin(caller), &time, 0, 0);
  }
  __kernel_timespec time;
};
