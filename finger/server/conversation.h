#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string_view>
#include <system_error>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/net/address.h"
#include "common/server/duration.h"
#include "finger/server/address_limit.h"
#include "finger/server/context.h"
#include "finger/server/protocol/error.h"
#include "finger/server/roster.h"
#include "ring_server/acceptor.h"
#include "uring/loop.h"
#include "uring/memory/intrusive_list.h"
#include "uring/wait/canceller.h"
#include "uring/wait/deadline.h"

namespace finger {

/// One client's connection from accept to close, and the single deadline for all of it. Lives in
/// the frame of the coroutine that serves it; its destructor closes the connection.
class Conversation final : public uring::Node {
 public:
  Conversation(const Context& context, ring_server::Admitted client, AddressPermit address_permit);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation();

  /// Some bytes of the query, or 0: the peer has ended its stream.
  /// Errors: timed_out; displaced; cancelled, the server is to stop and the kernel has no more
  /// bytes; of recv(2).
  uring::Task<Result<std::size_t>> receive(std::span<std::byte> to);

  /// The query is whole, or will never be: from now on there is time until the deadline to answer
  /// it, and the conversation cannot be displaced. `query` is what was received of it, for the log;
  /// it outlives all operations of the conversation.
  void note_query(std::string_view query);

  /// Another connection needs its place, and the query is not whole. receive() ends with
  /// Error::displaced.
  void displace();
  common::Clock::time_point accepted_at() const { return accepted_at_; }

  /// Sends all of it before the deadline. Errors: timed_out; of send(2).
  uring::Task<Status> send(std::span<const std::byte> bytes);

  /// Ends our side of the stream, then reads and discards until the peer ends its own, for at most
  /// linger_timeout and not beyond the deadline: closing with unread input sends a reset, which
  /// destroys an answer that is still on its way. During a drain it waits only until the peer's
  /// kernel has acknowledged everything.
  uring::Task<> close_gracefully();

  /// The close is going to be a reset: an answer that ends in the middle must not look complete,
  /// and the kernel is not to keep bytes for a peer that does not read.
  void reset_on_close();

  /// For the log: there is no plan to send, and why. Errors: of openat2(2); empty_plan,
  /// not_regular.
  void note_no_plan(std::error_code why) { no_plan_ = why; }
  std::error_code no_plan() const { return no_plan_; }  ///< No error: the plan was sent.

  /// Whether receive() or send() has failed because there is no peer any more.
  bool has_peer_gone() const { return has_peer_gone_; }

  /// The peer gets no more, and why: counts the conversation, and writes its line. Only the first
  /// time.
  void conclude(std::string_view query, const Status& ended);

  /// While it exists, the deadline concludes the conversation, closes the connection, and gives its
  /// permits back, whatever operation is in flight: for operations on files. The deadline cancels
  /// those, too, but a file system that waits for another machine or process (NFS, FUSE) may ignore
  /// that and keep them for as long as it likes.
  class CloseAtDeadline final : public uring::Cancellable {
   public:
    explicit CloseAtDeadline(Conversation& conversation) : conversation_(conversation) {
      conversation.deadline_.add(*this);
    }
    void cancel(uring::Error reason) override {
      conversation_.conclude(conversation_.query_, std::unexpected(make_error_code(reason)));
      conversation_.reset_on_close();
      conversation_.close();
    }

   private:
    Conversation& conversation_;
  };

  const Context& context() const { return context_; }
  uring::Loop& loop() { return context_.loop; }
  uring::Deadline& deadline() { return deadline_; }

  /// The roster as it was when the conversation began: a reload in the meantime changes nothing.
  const Roster& roster() const { return *roster_; }

  const common::Address& peer() const { return peer_; }
  std::size_t sent_bytes() const { return sent_bytes_; }
  common::Clock::duration age() const { return common::Clock::now() - accepted_at_; }

 private:
  uring::Task<> wait_for_acknowledgement();
  void stop_awaiting_query();
  void close();

  const Context& context_;
  common::Permit permit_;         ///< Of --max-clients.
  AddressPermit address_permit_;  ///< Of --max-per-ip.
  common::Fd fd_;
  const common::Address peer_;
  const common::Clock::time_point accepted_at_;
  uring::Deadline deadline_;
  const RosterPointer roster_;
  std::size_t sent_bytes_ = 0;
  bool is_displaced_ = false;
  bool is_concluded_ = false;
  bool has_peer_gone_ = false;
  std::string_view query_;  ///< Since note_query().
  std::error_code no_plan_;
};

}  // namespace finger
