#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/fd.h"
#include "common/net/accept.h"
#include "common/server/constants.h"
#include "common/server/duration.h"
#include "finger/accounts/roster.h"
#include "finger/protocol/error.h"
#include "finger/protocol/query.h"
#include "finger/server/address_limit.h"
#include "finger/server/home.h"
#include "finger/server/options.h"
#include "uring/cancel/canceller.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/memory/intrusive_list.h"
#include "uring/scope.h"
#include "uring/task.h"
#include "uring/time/deadline.h"

namespace finger {

/// A worker's counters since its start.
struct Counters {
  std::uint64_t accepted = 0;  ///< Connections of clients.
  std::uint64_t refused = 0;   ///< Closed immediately, because the address had too many.
  std::uint64_t checks = 0;    ///< Connections of a proxy on its own behalf.
  std::uint64_t sent_bytes = 0;
  std::map<std::string, std::uint64_t, std::less<>> outcomes;  ///< How conversations ended.

  /// `5 accepted, 1 turned away, 0 checks, 812 bytes sent: 4 answered, 1 no such user`.
  std::string text() const;
};

/// A connection whose query or PROXY header isn't complete.
class AwaitingQuery : public uring::Node {
 public:
  AwaitingQuery(common::Clock::time_point accepted_at, uring::Deadline& deadline)
      : accepted_at_(accepted_at), deadline_(deadline) {}
  common::Clock::time_point accepted_at() const { return accepted_at_; }

  /// Frees the place for another connection. The wait for input ends with timed_out.
  void displace() {
    is_displaced_ = true;
    unlink();
    deadline_.cancel(uring::Error::timed_out);
  }
  bool is_displaced() const { return is_displaced_; }

 private:
  const common::Clock::time_point accepted_at_;  ///< The accept, or the end of the PROXY header.
  uring::Deadline& deadline_;
  bool is_displaced_ = false;
};

/// The state that a server's conversations share. Outlives them.
struct Context {
  const Options& options;
  const std::unique_ptr<uring::Loop> loop;
  const Roster roster;
  Counters counters = Counters();             ///< With {}, GCC 14 for an i386 warns of its map.
  std::map<const Account*, Home> homes = {};  ///< Homes of users that were asked for.
  uring::IntrusiveList<AwaitingQuery> awaiting_query = {};  ///< The oldest first.

  std::size_t clients = 0;             ///< Clients that have a Place.
  std::size_t orphans = 0;             ///< See OrphanFile.
  uring::Condition fewer_open{*loop};  ///< `clients` or `orphans` went down.

  // Cancelled when a drain begins: receives of a query, and waits for a peer to close.
  uring::Canceller receiving = {};
  uring::Canceller lingering = {};

  /// Scratch for discarded input.
  std::array<std::byte, common::transient_buffer_bytes> discarded = {};

  /// Also closes files. The last member, because its coroutines use the others.
  uring::Scope conversations{*loop};
};

/// Counts one in this member of the context, from its constructor to its destructor.
template <std::size_t Context::*number>
class Counted {
 public:
  Counted() = default;  ///< Counts nowhere.
  explicit Counted(Context& context) : context_(&context) { ++(context.*number); }

 private:
  struct Leave {
    void operator()(Context* context) const {
      --(context->*number);
      context->fewer_open.notify_all();
    }
  };
  std::unique_ptr<Context, Leave> context_;
};

/// A place of --max-clients, given back when the connection is closed, even if a home still hangs.
using Place = Counted<&Context::clients>;

/// A descriptor whose client may be gone, and its place given back. A home that hangs keeps it for
/// as long as it hangs, and an open that hangs keeps two.
using OrphanFile = Counted<&Context::orphans>;

/// `begun_at` plus `limit`; never if the limit is 0.
common::Clock::time_point due_after(common::Clock::time_point begun_at,
                                    std::chrono::milliseconds limit);

/// One client's connection from accept to close, with a single deadline for everything. Lives in
/// the frame of the coroutine that serves the client; the destructor closes the connection.
class Conversation final : public AwaitingQuery {
 public:
  /// The conversation is over at `due` at the latest. It is not logged if `from_proxy_itself`.
  Conversation(Context& context, common::Accepted client, Place place, AddressPermit address_permit,
               common::Clock::time_point due, bool from_proxy_itself);

  /// Receives a line in any slices. Then the conversation has until the deadline and can't be
  /// displaced, even if there is no line, because sending the error takes time. The log quotes
  /// the query from the reader, so the reader must live until end() returns. Errors: of
  /// QueryReader; query_timeout; displaced; stopped, if the kernel has no more bytes; peer_gone; of
  /// recv(2).
  uring::Task<Result<std::string_view>> read_line(QueryReader& reader);

  /// Whether the peer connected to this address, such as `192.0.2.1` or `[2001:db8::1]`.
  bool was_asked_at(std::string_view host) const;

  /// Sends all of it before the deadline. Errors: timed_out; peer_gone; of send(2).
  uring::Task<Status> send(std::span<const std::byte> bytes);
  uring::Task<Status> send(std::string_view text) { return send(std::as_bytes(std::span(text))); }

  /// Notes for the log why there is no plan to send. Errors: of openat2(2); empty_plan,
  /// not_regular, symbolic_link, home_refused, no_owner.
  void note_no_plan(std::error_code why) { no_plan_ = why; }

  /// Call this once, after read_line(), when the peer gets no more. Counts the conversation and
  /// logs a line. Then closes gracefully, or with a reset if an answer was cut short.
  uring::Task<> end(Status ended);

  /// As long as this object exists, the deadline cuts the conversation short and gives the place
  /// back, whatever operation is in flight. Use it for operations on files: the deadline cancels
  /// those, too, but a hanging home keeps them as long as it hangs. See Home.
  class EndAtDeadline final : public uring::Cancellable {
   public:
    EndAtDeadline(Conversation& conversation, std::size_t descriptors)
        : conversation_(conversation), descriptors_(descriptors) {
      conversation.deadline_.add(*this);
    }
    void cancel(uring::Error /*reason*/) override {
      while (left_open_.size() < descriptors_) left_open_.emplace_back(conversation_.context());
      conversation_.cut_short(timed_out_since(begun_at_));
    }

   private:
    Conversation& conversation_;
    const std::size_t descriptors_;  // that the operation has
    const common::Clock::time_point begun_at_ = common::Clock::now();
    std::vector<OrphanFile> left_open_;
  };

  Context& context() const { return context_; }
  uring::Loop& loop() { return *context_.loop; }
  uring::Deadline& deadline() { return deadline_; }

 private:
  uring::Task<Result<std::string_view>> receive_line(QueryReader& reader);
  uring::Task<Result<std::size_t>> receive(std::span<std::byte> to);
  bool is_cut_short(const Status& ended) const;
  void cut_short(const Status& ended);

  /// Counts the conversation and, unless --log none is set, writes a line: peer, query, outcome,
  /// bytes, milliseconds. With LogDetail::outcome the line begins with the outcome.
  ///
  ///     192.0.2.7:50412 "alice" answered 312 bytes 1.4 ms
  ///
  /// The query is escaped, and cut if it is long.
  void report_end(const Status& ended) const;
  uring::Task<> close_gracefully();
  uring::Task<> wait_for_acknowledgement();
  void close();

  Context& context_;
  // Destroyed last first, so that a free place always means there is a descriptor.
  Place place_;
  AddressPermit address_permit_;  ///< A place of --max-per-ip.
  common::Fd fd_;                 ///< Empty: the conversation ended.
  const common::Address peer_;
  const bool from_proxy_itself_;
  const common::Clock::time_point due_;
  uring::Deadline deadline_;
  std::size_t sent_bytes_ = 0;
  std::string_view query_;   ///< The part that arrived, after read_line().
  std::error_code no_plan_;  ///< No error: the plan was sent.
};

/// Serves one client: reads the query, sends the answer or the reason why there is none, and closes
/// the connection.
uring::Task<> serve(Conversation& conversation);

}  // namespace finger
