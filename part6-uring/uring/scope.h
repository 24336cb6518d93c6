#pragma once

#include <coroutine>
#include <cstddef>

#include "uring/canceller.h"
#include "uring/task.h"

namespace uring {

class Loop;
class Scope;

/// A coroutine that can go on at the loop's next opportunity. Leaves the loop's queue when it ends.
class Waiter : public Node {
 public:
  Waiter() = default;
  Waiter(Waiter&&) = default;

  /// Remembers the coroutine that waits, and in which scope it runs.
  void wait(Loop& loop, std::coroutine_handle<> coroutine);

  std::coroutine_handle<> coroutine() const { return coroutine_; }
  Scope& scope() const { return *scope_; }
  bool waiting() const { return coroutine_ != nullptr; }

 private:
  std::coroutine_handle<> coroutine_;
  Scope* scope_ = nullptr;
};

/// Owns child tasks: none outlives it. Operations that a child begins belong to the scope, and end
/// when it is cancelled; so do scopes inside. A scope belongs in turn to the scope of the coroutine
/// that makes it.
///
///     Scope clients(loop);
///     clients.spawn(serve(loop, std::move(fd)));   // runs now, up to where it first waits
///     …
///     clients.cancel();                            // everything in it ends with Error::cancelled
///     co_await clients.join();                     // and here all have finished
///
/// What if it is destroyed while children are at work, by a forgotten join() or because the frame
/// that it is in is itself destroyed? Then the children's frames are destroyed where they wait,
/// after the kernel has done with their operations; no line of them runs any more. Safe, but the
/// thread waits meanwhile: usually, join().
class Scope final : public Cancellable {
 public:
  /// Inside the current scope of the loop.
  explicit Scope(Loop& loop);
  ~Scope();

  /// Starts a child. It takes values, or references to what outlives the scope.
  void spawn(Task<> child);

  void cancel(Error reason = Error::cancelled) override { canceller_.cancel(reason); }

  /// Why operations in it end immediately; Error{}: they do not.
  Error reason() const { return canceller_.reason(); }

  /// Children that have not finished.
  std::size_t size() const { return size_; }

  class Join {
   public:
    explicit Join(Scope& scope) : scope_(&scope) {}
    ~Join();
    bool await_ready() const { return scope_->size_ == 0; }
    void await_suspend(std::coroutine_handle<> awaiting);
    void await_resume() const {}

   private:
    friend class Scope;
    void go_on();
    Scope* scope_;  ///< nullptr: we wait no more.
    Waiter waiter_;
  };
  /// Waits until every child has finished, or was destroyed with the scope. One coroutine may.
  Join join() { return Join(*this); }

  // For operations and tasks.
  void add(Cancellable& member) { canceller_.add(member); }
  void finished(Promise<void>& child);

 private:
  friend class Loop;
  struct Root {};
  Scope(Loop& loop, Root) : loop_(loop) {}

  Loop& loop_;
  Canceller canceller_;
  IntrusiveList<Promise<void>> children_;
  std::size_t size_ = 0;
  Join* joining_ = nullptr;
};

inline std::coroutine_handle<> Promise<void>::next() {
  if (owner_ == nullptr) return continuation_;
  owner_->finished(*this);
  return std::noop_coroutine();
}

}  // namespace uring
