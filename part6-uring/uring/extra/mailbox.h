#pragma once

#include <cstdint>

#include "uring/extra/completion_queue.h"
#include "uring/operation.h"
#include "uring/signal.h"
#include "uring/task.h"

namespace uring {

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

  /// The next message. One coroutine may wait for it. Error: cancelled.
  Task<Result<std::uint32_t>> receive();

 private:
  void cancel(Error /*reason*/) override {}  // nothing was submitted
  void prepare(io_uring_sqe& /*entry*/) override {}
  void arrived(int result, std::uint32_t flags) override;
  void ended() override {}

  CompletionQueue queue_;
  Signal signal_;
};

}  // namespace uring
