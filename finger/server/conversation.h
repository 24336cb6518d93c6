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

/// What a worker has counted since it started.
struct Counters {
  std::uint64_t accepted = 0;  ///< Connections of clients.
  std::uint64_t refused = 0;   ///< Accepted and closed at once, the address had too many.
  std::uint64_t checks = 0;    ///< Connections of a proxy on its own behalf.
  std::uint64_t sent_bytes = 0;
  std::map<std::string, std::uint64_t, std::less<>> outcomes;  ///< How conversations have ended.

  /// `5 accepted, 1 turned away, 0 checks, 812 bytes sent: 4 answered, 1 no such user`.
  std::string text() const;
};

/// A connection whose query is not whole, or whose PROXY header.
class AwaitingQuery : public uring::Node {
 public:
  AwaitingQuery(common::Clock::time_point accepted_at, uring::Deadline& deadline)
      : accepted_at_(accepted_at), deadline_(deadline) {}
  common::Clock::time_point accepted_at() const { return accepted_at_; }

  /// Another connection needs its place: what it waits for ends with timed_out.
  void displace() {
    is_displaced_ = true;
    unlink();
    deadline_.cancel(uring::Error::timed_out);
  }
  bool is_displaced() const { return is_displaced_; }

 private:
  const common::Clock::time_point accepted_at_;  ///< Or its PROXY header was whole.
  uring::Deadline& deadline_;
  bool is_displaced_ = false;
};

/// What the conversations of a server use. A context outlives them.
struct Context {
  const Options& options;
  const std::unique_ptr<uring::Loop> loop;
  const Roster roster;
  Counters counters = Counters();             ///< With {}, GCC 14 for an i386 warns of its map.
  std::map<const Account*, Home> homes = {};  ///< Homes of users that were asked for.
  uring::IntrusiveList<AwaitingQuery> awaiting_query = {};  ///< The oldest first.

  std::size_t clients = 0;             ///< Clients that have a Place.
  std::size_t orphans = 0;             ///< See OrphanFile.
  uring::Condition fewer_open{*loop};  ///< One of either has gone.

  // Cancelled when a drain begins: receives of a query, and waits for a peer to close.
  uring::Canceller receiving = {};
  uring::Canceller lingering = {};

  /// For bytes that are not looked at.
  std::array<std::byte, common::transient_buffer_bytes> discarded = {};

  /// Files that are being closed, too. The last member: what runs in it uses the others.
  uring::Scope conversations{*loop};
};

/// Counts as one in this number of the context, for as long as it exists.
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

/// A place of --max-clients: given back when its connection is closed, also where a home still
/// hangs.
using Place = Counted<&Context::clients>;

/// A descriptor whose client may have gone, and given its place back: in a home that hangs, a file
/// has it for as long as the home likes, and one that is being opened has two.
using OrphanFile = Counted<&Context::orphans>;

/// When that much time has passed since then; 0: never.
common::Clock::time_point due_after(common::Clock::time_point begun_at,
                                    std::chrono::milliseconds limit);

/// One client's connection from accept to close, and the single deadline for all of it. Lives in
/// the frame of the coroutine that serves it; its destructor closes the connection.
class Conversation final : public AwaitingQuery {
 public:
  /// The conversation is over at `due` at the latest. It is not logged if `from_proxy_itself`.
  Conversation(Context& context, common::Accepted client, Place place, AddressPermit address_permit,
               common::Clock::time_point due, bool from_proxy_itself);

  /// Receives up to the end of the line, however it is sliced. From then on, also without a line,
  /// because the error takes time to send, there is time until the deadline, and the conversation
  /// cannot be displaced. The reader has what the log says of the query, and must be there until
  /// end() returns. Errors: of QueryReader; query_timeout; displaced; stopped, and the kernel has
  /// no more bytes; peer_gone; of recv(2).
  uring::Task<Result<std::string_view>> read_line(QueryReader& reader);

  /// Whether that is the address at which the peer has asked, as `192.0.2.1` or `[2001:db8::1]`.
  bool was_asked_at(std::string_view host) const;

  /// Sends all of it before the deadline. Errors: timed_out; peer_gone; of send(2).
  uring::Task<Status> send(std::span<const std::byte> bytes);
  uring::Task<Status> send(std::string_view text) { return send(std::as_bytes(std::span(text))); }

  /// For the log: there is no plan to send, and why. Errors: of openat2(2); empty_plan,
  /// not_regular, symbolic_link, home_refused, no_owner.
  void note_no_plan(std::error_code why) { no_plan_ = why; }

  /// After read_line(), and once: the peer gets no more, and why. Counts the conversation and
  /// writes its line, then says goodbye, or where it is cut short closes with a reset.
  uring::Task<> end(Status ended);

  /// While it exists, the deadline cuts the conversation short, whatever operation is in flight,
  /// and gives its place back: for operations on files. The deadline cancels those, too, but a home
  /// that hangs keeps them for as long as it likes: see Home.
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

  /// Counts the conversation and, unless --log none is set, writes its line: peer, query, outcome,
  /// bytes, milliseconds. With LogDetail::outcome it begins with that.
  ///
  ///     192.0.2.7:50412 "alice" answered 312 bytes 1.4 ms
  ///
  /// The query is escaped, and cut if it is long.
  void report_end(const Status& ended) const;
  uring::Task<> close_gracefully();
  uring::Task<> wait_for_acknowledgement();
  void close();

  Context& context_;
  // The last of these three is given back first: a free place means that there is a descriptor.
  Place place_;
  AddressPermit address_permit_;  ///< A place of --max-per-ip.
  common::Fd fd_;                 ///< Empty: it has ended.
  const common::Address peer_;
  const bool from_proxy_itself_;
  const common::Clock::time_point due_;
  uring::Deadline deadline_;
  std::size_t sent_bytes_ = 0;
  std::string_view query_;   ///< What was received of it, since read_line().
  std::error_code no_plan_;  ///< No error: the plan was sent.
};

/// Serves one client: reads its query, sends the answer or the reason why there is none, and
/// closes the connection.
uring::Task<> serve(Conversation& conversation);

}  // namespace finger
