#pragma once

#include <coroutine>
#include <cstdint>

#include "uring/extra/completion_queue.h"
#include "uring/operation/await.h"
#include "uring/operation/operation.h"
#include "uring/wait/loop_wait.h"

namespace uring {

class Loop;

/// Takes what other rings send with msg_ring(), from other threads, too: the kernel makes the
/// completion, and wakes this loop.
///
///     co_await theirs.msg_ring(mine.ring_fd(), mailbox.user_data(), 42);   // there
///     const auto message = co_await mailbox.receive();                // here: 42
///
/// Must outlive the last message on its way to it: senders stop first.
class Mailbox final : public Operation {
 public:
  explicit Mailbox(Loop& loop);
  ~Mailbox();

  const char* what() const override { return "mailbox"; }

  class ReceiveWait : public LoopWait {
   public:
    explicit ReceiveWait(Mailbox& mailbox) : LoopWait(mailbox.loop()), mailbox_(mailbox) {}
    using LoopWait::shield;

   protected:
    bool may_begin(Error cancelled) {
      return LoopWait::may_begin(cancelled) && mailbox_.queue_.empty();
    }
    void start(std::coroutine_handle<> awaiting);
    Result<std::uint32_t> take();

   private:
    Mailbox& mailbox_;
  };
  using Receive = Await<ReceiveWait>;

  /// The next message. One coroutine may wait for it. Errors: cancelled, timed_out; the message
  /// that comes later is the next one's.
  Receive receive() { return Receive(ReceiveWait(*this)); }

 private:
  void cancel(Error /*reason*/) override {}  // nothing was submitted
  void prepare(io_uring_sqe& /*entry*/) override {}
  void arrived(int result, std::uint32_t flags) override;
  void ended() override {}

  CompletionQueue queue_;
  WaitList waiting_;
};

}  // namespace uring
