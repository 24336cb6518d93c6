#pragma once

#include <cstddef>
#include <span>

#include "common/fd.h"
#include "common/server/duration.h"
#include "common/server/listen.h"
#include "finger/server/error.h"
#include "finger/server/roster.h"
#include "uring/canceller.h"
#include "uring/deadline.h"
#include "uring/loop.h"

namespace finger {

class Server;

/// One client's connection from accept to close, and the one deadline over all of it. Lives in the
/// frame of the coroutine that serves it; when it ends the connection is closed, and its place
/// free.
class Conversation {
 public:
  Conversation(Server& server, common::Accepted accepted);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation();

  /// Some bytes of the query, or 0: the peer has ended its stream.
  /// Errors: timed_out; cancelled, we are to stop and the kernel has no more; of recv(2).
  uring::Task<Result<std::size_t>> receive(std::span<std::byte> to);

  /// Sends all, as long as the deadline permits. Errors: timed_out; of send(2).
  uring::Task<Status> send(std::span<const std::byte> bytes);

  /// Ends our side of the stream, then reads and throws away until the peer ends its own, up to
  /// linger_timeout and not beyond the deadline: closing with input unread would send a reset, and
  /// that destroys answers on their way. In a drain, only until the peer's kernel has acknowledged
  /// everything.
  uring::Task<> close_gracefully();

  /// The deadline has passed. An answer that has been begun must not look as if it were whole: the
  /// peer gets a reset, and the kernel keeps no byte of it for a peer that does not read.
  void cut_off();

  /// While it exists, the deadline closes the connection and frees its place, whoever is in the
  /// middle of something: for operations on files. Those end early, too, but for a file system that
  /// waits for others (NFS, FUSE), may be deaf to that, and keeps us as long as it likes.
  class HangUpInTime final : public uring::Cancellable {
   public:
    explicit HangUpInTime(Conversation& exchange) : exchange_(exchange) {
      exchange.deadline_.add(*this);
    }
    void cancel(uring::Error /*reason*/) override {
      exchange_.cut_off();
      exchange_.hang_up();
    }

   private:
    Conversation& exchange_;
  };

  Server& server() { return server_; }
  uring::Loop& loop();
  uring::Deadline& deadline() { return deadline_; }

  /// Who was served when it began: a reload meanwhile changes nothing here.
  const Roster& roster() const { return *roster_; }

  const common::Address& peer() const { return peer_; }
  std::size_t sent_bytes() const { return sent_bytes_; }
  common::Clock::duration age() const { return common::Clock::now() - accepted_at_; }

 private:
  uring::Task<> wait_for_acknowledgement();
  void hang_up();

  Server& server_;
  common::Fd fd_;
  const common::Address peer_;
  const common::Clock::time_point accepted_at_;
  uring::Deadline deadline_;
  const RosterPointer roster_;
  std::size_t sent_bytes_ = 0;
};

}  // namespace finger
