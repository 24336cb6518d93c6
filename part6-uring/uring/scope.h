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

/// Owns child tasks, none of which outlives the scope. Operations that a child begins belong to the
/// scope, and end when the scope is cancelled, as do scopes inside. A scope belongs in turn to the
/// scope of the coroutine that makes it.
///
///     Scope clients(loop);
///     clients.spawn(serve(loop, std::move(fd)));   // runs now, up to where it first waits
///     …
///     clients.cancel();                            // everything in it ends with Error::cancelled
///     co_await clients.join();                     // and here all have finished
///
/// A scope may be destroyed while children are at work, because of a forgotten join(), or because
/// the frame around it is destroyed. The scope then destroys the children's frames where they are
/// suspended, once the kernel is done with their operations. No line of a child runs any more.
/// That's safe, but the thread waits meanwhile, so usually call join(). A task may cancel its own
/// scope, but must not destroy it.
class Scope final : public Cancellable {
 public:
  /// Makes a scope inside the current scope of the loop.
  explicit Scope(LoopCore& loop);

  ~Scope();

  void cancel(Error reason = Error::cancelled) override { canceller_.cancel(reason); }

  /// The error that operations in the scope end with immediately; Error{}: none.
  Error reason() const { return canceller_.reason(); }

  /// Starts a child. The parameters must be values, or references to objects that outlive the
  /// scope.
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

  /// Waits until every child has finished, or was destroyed with the scope. Yields nothing, and
  /// takes as long as it takes, even if the waiting coroutine is cancelled.
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
