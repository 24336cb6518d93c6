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
  /// it outlives the conversation.
  void note_query(std::string_view query);

  /// Another connection needs its place, and the query is not whole. receive() ends with
  /// Error::displaced.
  void displace();
  common::Clock::time_point accepted_at() const { return accepted_at_; }

  /// Sends all of it before the deadline. Errors: timed_out; of send(2).
  uring::Task<Status> send(std::span<const std::byte> bytes);

  /// For the log: there is no plan to send, and why. Errors: of openat2(2); empty_plan,
  /// not_regular.
  void note_no_plan(std::error_code why) { no_plan_ = why; }
  std::error_code no_plan() const { return no_plan_; }  ///< No error: the plan was sent.

  /// Whether receive() or send() has failed because there is no peer any more.
  bool has_peer_gone() const { return has_peer_gone_; }

  /// After note_query(), and once: the peer gets no more, and why. Counts the conversation and
  /// writes its line, then says goodbye, or where it is cut short closes with a reset.
  uring::Task<> end(Status ended);

  /// While it exists, the deadline cuts the conversation short, whatever operation is in flight,
  /// and gives its permits back: for operations on files. The deadline cancels those, too, but a
  /// file system that waits for another machine or process (NFS, FUSE) may ignore that and keep
  /// them for as long as it likes.
  class EndAtDeadline final : public uring::Cancellable {
   public:
    explicit EndAtDeadline(Conversation& conversation) : conversation_(conversation) {
      conversation.deadline_.add(*this);
    }
    void cancel(uring::Error reason) override {
      conversation_.cut_short(std::unexpected(make_error_code(reason)));
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
  bool is_cut_short(const Status& ended) const;
  void conclude(const Status& ended);
  void cut_short(const Status& ended);
  uring::Task<> close_gracefully();
  uring::Task<> wait_for_acknowledgement();
  void stop_awaiting_query();
  void close();

  const Context& context_;
  common::Permit permit_;         ///< Of --max-clients.
  AddressPermit address_permit_;  ///< Of --max-per-ip.
  common::Fd fd_;                 ///< Empty: it has ended.
  const common::Address peer_;
  const common::Clock::time_point accepted_at_;
  uring::Deadline deadline_;
  const RosterPointer roster_;
  std::size_t sent_bytes_ = 0;
  bool is_displaced_ = false;
  bool has_peer_gone_ = false;
  std::string_view query_;  ///< Since note_query().
  std::error_code no_plan_;
};

}  // namespace finger
