#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "uring/memory/frame_pool.h"
#include "uring/memory/intrusive_list.h"

namespace uring {

class Scope;
template <typename T>
class Task;

/// The common part of all tasks' promises.
class PromiseBase {
 public:
  // We recycle frames, so a warm server starts and ends coroutines without the heap.
  static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    FramePool::release(frame, bytes);
  }

  std::suspend_always initial_suspend() const noexcept { return {}; }

  /// Above a coroutine there is no caller that could catch an exception, only the loop.
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

  /// Sets the coroutine to resume when this one has ended.
  void set_continuation(std::coroutine_handle<> continuation) { continuation_ = continuation; }

 protected:
  std::coroutine_handle<> continuation_;
};

/// Ends a task: control goes over to the awaiting coroutine, without a call inside a call
/// (symmetric transfer), so that a loop over a million tasks needs no deeper stack than one.
class FinalAwaiter {
 public:
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    return ended.promise().next();
  }
  void await_resume() const noexcept {}
};

template <typename T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object();
  FinalAwaiter final_suspend() const noexcept { return {}; }
  std::coroutine_handle<> next() const { return continuation_; }

  template <typename From = T>  // so that `co_return {};` means a T
  void return_value(From&& value) {
    value_.emplace(std::forward<From>(value));
  }
  T take_value() {
    assert(value_);
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

/// Only these can be a scope's children, since nobody would take a value.
template <>
class Promise<void> : public PromiseBase, public Node {
 public:
  Task<void> get_return_object();
  FinalAwaiter final_suspend() const noexcept { return {}; }
  std::coroutine_handle<> next() {
    if (owner_ == nullptr) return continuation_;
    tell_owner();
    return std::noop_coroutine();
  }
  void return_void() const {}
  void take_value() const {}

  void set_owner(Scope& owner) { owner_ = &owner; }
  std::coroutine_handle<Promise> handle() {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }

 private:
  void tell_owner();

  Scope* owner_ = nullptr;
};

/// A coroutine that begins when it is awaited and yields a T. Owns its frame, which may be
/// destroyed wherever the coroutine is suspended. An operation in the frame then waits for the
/// kernel (see request/operation.h).
template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle frame) : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  /// Gives up the frame, which the caller must destroy.
  Handle release() { return std::exchange(frame_, nullptr); }

  class TaskAwaiter {
   public:
    explicit TaskAwaiter(Handle frame) : frame_(frame) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const noexcept {
      frame_.promise().set_continuation(awaiting);
      return frame_;
    }
    T await_resume() const { return frame_.promise().take_value(); }

   private:
    Handle frame_;
  };
  TaskAwaiter operator co_await() const&& {
    assert(frame_ && !frame_.done());  // not moved from, nor awaited before
    return TaskAwaiter(frame_);
  }

 private:
  Handle frame_;
};

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() { return Task<void>(handle()); }

}  // namespace uring
