#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/net/address.h"
#include "common/server/duration.h"
#include "finger/protocol/error.h"
#include "finger/server/address_limit.h"
#include "finger/server/homes_and_mounts.h"
#include "finger/server/options.h"
#include "finger/server/roster.h"
#include "finger/service/counters.h"
#include "ring_server/acceptor.h"
#include "uring/loop.h"
#include "uring/memory/intrusive_list.h"
#include "uring/task.h"
#include "uring/wait/canceller.h"
#include "uring/wait/deadline.h"

namespace finger {

class Conversation;

/// The server that conversations belong to.
class ConversationOwner {
 public:
  /// The roster for a conversation that begins now.
  virtual RosterPointer current_roster() const = 0;

  /// The ring's number for the credentials that open this account's plan; 0: our own.
  virtual std::uint16_t credentials_of(const Roster& roster, const Account& account) const = 0;

  /// Closes a file through the ring, without waiting: where a file comes over the network, the
  /// other side has a say in how long that takes. That, too, is an operation in the home.
  virtual void close_file(common::Fd file, std::shared_ptr<Home> home) = 0;

  /// The conversation waits for its query, until it leaves that list or ends.
  virtual void awaits_query(Conversation& /*conversation*/) {}

  /// It has left the list: its query is whole, or it has ended.
  virtual void awaits_no_query() {}

  /// A conversation that was displaced has closed its connection.
  virtual void displaced_one_left() {}

  /// Whether the log may have one more line about this peer.
  virtual bool may_log(const common::Address& /*peer*/) { return true; }

  /// A conversation ends, perhaps long after the deadline has closed its connection.
  virtual void conversation_ended() = 0;

 protected:
  ~ConversationOwner() = default;
};

/// What a conversation is given by the server that owns it. One for each ring; it outlives the
/// ring's conversations.
struct Context {
  const Options& options;
  uring::Loop& loop;
  WorkerCounters& counters;
  ConversationOwner& owner;

  /// Cancelled when a drain begins: receives of a query, and waits for a peer to close.
  uring::Canceller& receiving;
  uring::Canceller& lingering;

  Homes& homes;

  std::span<std::byte> discarded;  ///< Where bytes go that are not looked at.
};

/// When a query that is waited for since then is late; a PROXY header before it may take as long.
common::Clock::time_point query_due(const Options& options, common::Clock::time_point begun_at);

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

/// Adds a conversation to the counters of its worker, with the time that it has taken if there was
/// an answer. Then writes its line, unless --log none is set or its peer has had enough of them:
/// peer, query, outcome, bytes, milliseconds. With LogDetail::outcome it begins with that.
///
///     192.0.2.7:50412 "alice" answered 312 bytes 1.4 ms
///
/// `query` is what was received of it; it is escaped, and cut if it is long.
void report_end(const Conversation& conversation, std::string_view query, const Status& ended);

/// Serves one client: reads its query, sends the answer or the reason why there is none, and
/// closes the connection.
uring::Task<> serve(const Context& context, ring_server::Admitted client,
                    AddressPermit address_permit);

}  // namespace finger
