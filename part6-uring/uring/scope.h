#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>

#include "uring/awaitable.h"
#include "uring/cancel/canceller.h"
#include "uring/error.h"
#include "uring/loop_core.h"
#include "uring/task.h"
#include "uring/wait/loop_wait.h"

namespace uring {

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
/// thread waits meanwhile: usually, join(). A task must not destroy the scope that it runs in; it
/// may cancel it.
class Scope final : public Cancellable {
 public:
  /// Inside the current scope of the loop.
  explicit Scope(LoopCore& loop);

  ~Scope();

  void cancel(Error reason = Error::cancelled) override { canceller_.cancel(reason); }

  /// Why operations in it end immediately; Error{}: they do not.
  Error reason() const { return canceller_.reason(); }

  /// Starts a child. Its parameters are values, or references to what outlives the scope.
  void spawn(Task<> child);

  /// Children that have not finished.
  std::size_t size() const { return size_; }

  class JoinWait : public LoopWait {
   public:
    static constexpr bool never_fails_unless_limited = true;
    using Source = std::reference_wrapper<Scope>;
    explicit JoinWait(Scope& scope) : LoopWait(scope.loop_), scope_(scope) {}

   protected:
    bool may_begin(Error cancelled) {
      set_reason(scope_.size() > 0 ? cancelled : Error{});
      return scope_.size() > 0 && cancelled == Error{};
    }
    void suspend(std::coroutine_handle<> awaiting) { suspend_in(scope_.joining_, awaiting); }
    Status claim() const { return status(); }

   private:
    Scope& scope_;
  };
  using Join = Awaitable<JoinWait>;

  /// Waits until every child has finished, or was destroyed with the scope. The wait takes as long
  /// as it takes, also where the coroutine that waits is itself cancelled, and yields nothing.
  ///
  ///     const auto joined = co_await clients.join().within(10s);
  ///     if (!joined) clients.cancel();
  ///     co_await clients.join();
  ///
  /// With a timeout or a canceller it yields a Status. Errors: timed_out, cancelled; the children
  /// go on.
  Join join() { return Join(*this); }

 private:
  friend class Promise<void>;
  void finished(Promise<void>& child);
  void destroy_children();
  void wake_joining();

  LoopCore& loop_;
  Canceller canceller_;  ///< Holds the operations that children begin, and the scopes inside.
  IntrusiveList<Promise<void>> children_;
  std::size_t size_ = 0;
  WaitList joining_;
};

}  // namespace uring
