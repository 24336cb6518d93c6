#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/server/limits_and_timeouts.h"
#include "finger/server/conversation.h"
#include "finger/server/homes_and_mounts.h"
#include "finger/server/shared.h"
#include "ring_server/loop_server.h"
#include "uring/cancel/canceller.h"
#include "uring/loop.h"
#include "uring/memory/intrusive_list.h"
#include "uring/scope.h"
#include "uring/task.h"

namespace finger {

/// Makes a server's ring ready, in the thread that will use it and before anything else does:
/// registers the credentials of each account's owner, restricts and enables the ring. Returns the
/// ring's number for the credentials of the i-th of accounts.all(); none: our own rights.
using PrepareRing =
    std::function<Result<std::vector<std::uint16_t>>(uring::Loop& loop, const Accounts& accounts)>;

/// What a conversation holds at the same time: its connection, the home and the plan in it.
inline constexpr std::size_t descriptors_each = 3;

/// Serves clients on one thread and one ring, with a coroutine for each: serve.cc.
class Server final : public ring_server::LoopServer, private ConversationOwner {
 public:
  /// For `shared`, `listeners` and `wake` see LoopServer.
  /// Errors: of uring::Loop::create(), of `prepare`.
  static Result<std::unique_ptr<Server>> create(Shared& shared, std::size_t i,
                                                ring_server::SharedListeners listeners,
                                                const common::Fd& wake, const PrepareRing& prepare);

  /// Tries once what a query takes: a call of the ring, a thread of the kernel's, descriptors,
  /// /proc. Before run(), so that no ready line promises what is not to be had. Returns a line that
  /// says what is missing and what to do about it, or nothing.
  std::string try_out();

 private:
  Server(Shared& shared, std::size_t i, std::unique_ptr<uring::Loop> loop,
         ring_server::SharedListeners listeners, const common::Fd& wake,
         std::vector<std::uint16_t> credentials);

  void begin(uring::Scope& conversations, uring::Scope& tasks) override;
  uring::Task<> accept_clients() override;
  bool should_accept() const override { return LoopServer::should_accept() && !shared_.retiring; }
  void add(ring_server::Admitted client) override;
  std::size_t clients() const override { return conversations_->size(); }
  common::Clock::time_point make_room() override;
  void begin_drain() override;

  RosterPointer current_roster() const override { return shared_.roster(); }
  std::uint16_t credentials_of(const Roster& roster, const Account& account) const override;
  void close_file(common::Fd file, std::shared_ptr<Home> home) override;
  void awaits_query(Conversation& conversation) override;
  void awaits_no_query() override { publish_oldest(); }
  void displaced_one_left() override { shared_.oldest_queries.has_left(); }
  bool may_log(const common::Address& peer) override {
    return shared_.log_thinning.may_log(peer, loop().now());
  }
  void conversation_ended() override { one_has_left(); }

  uring::Task<> add_after_header(ring_server::Admitted client);
  void begin_conversation(ring_server::Admitted client);
  void turn_away(ring_server::Admitted client, bool asks_too_often);
  void publish();
  void publish_oldest();
  uring::Task<Status> beat();
  uring::Task<> close(common::Fd file, std::shared_ptr<Home> home);

  Shared& shared_;
  const std::size_t i_;
  WorkerCounters& counters_;
  uring::IntrusiveList<Conversation> awaiting_query_;  ///< The oldest first.
  const std::vector<std::uint16_t> credentials_;
  std::array<std::byte, common::scratch_bytes> discarded_;
  uring::Canceller receiving_;
  uring::Canceller lingering_;
  Homes homes_;
  const Context context_;
  uring::Scope* conversations_ = nullptr;  ///< Since begin(): also of files that are being closed.
  uring::Scope* headers_ = nullptr;        ///< While it accepts: clients of a proxy.
};

}  // namespace finger
