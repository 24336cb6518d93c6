#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/loop/deadline_list.h"
#include "common/loop/slab.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "common/server/socket.h"
#include "connection.h"
#include "uring/acceptor.h"
#include "uring/buffers.h"
#include "uring/canceller.h"
#include "uring/log_writer.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/signal.h"

namespace stage {

/// What the servers of one process share.
struct Shared {
  explicit Shared(const common::Options& chosen)
      : options(chosen), connection_limit(chosen.max_connections) {}

  const common::Options& options;
  common::ConnectionLimit connection_limit;
  std::atomic<bool> stopping = false;
};

/// Serves every client on one thread, each in a coroutine that reads like part 1's.
class Server {
 public:
  /// A server whose newcomers come from `listener`, a non-blocking one. It must run and end on the
  /// thread that makes it, the only one that may use its ring. `wake` is an eventfd(2): somebody
  /// asks it to look at what is shared. An empty `trace_file` means none.
  /// Errors: of uring::Loop::create(), uring::Buffers::create().
  static common::Result<std::unique_ptr<Server>> create(Shared& shared, const uring::Setup& setup,
                                                        const std::string& trace_file,
                                                        common::Fd listener,
                                                        const common::Fd& wake);

  /// Serves until it is woken and `stopping` is set. Errors: of accept(2), if they are not a
  /// client's or a shortage.
  common::Status run(uring::LogWriter* log_writer);

  // For its connections.

  uring::Loop& loop() { return *loop_; }
  uring::Buffers& buffers() { return *buffers_; }
  bool draining() const { return draining_; }

  /// Cancelled when the drain begins.
  uring::Canceller& lingering() { return lingering_; }

  /// Where bytes go that nobody wants.
  std::span<std::byte> thrown_away() { return thrown_away_; }

  /// Where conversations put their answers, and nothing stays.
  common::SendBuffer& answers() { return answers_; }

  Lent& lend() {
    if (free_ == nullptr) add_lent();
    return *std::exchange(free_, free_->next);
  }
  void give_back(Lent& lent) {
    lent.answers.clear();
    lent.next = std::exchange(free_, &lent);
  }

  /// How long to wait for a message, or for the peer to take an answer.
  common::Clock::duration time_bound() const { return time_bound_; }
  void renew(common::DeadlineEntry& deadline, common::Token token) {
    time_bounds_.set(deadline, loop_->now() + time_bound_ + renewal_time, token);
  }
  /// Whether it is to be renewed now: not with each message.
  bool is_out_of_date(const common::DeadlineEntry& deadline) const {
    return deadline.deadline() < loop_->now() + time_bound_;
  }

  /// Lets the conversation go on that waits for what its peer has said.
  void go_on_with(std::coroutine_handle<> waiting) { loop_->go_on_in(*conversations_, waiting); }

  /// Its peer has said something, and no coroutine is there to hear it.
  void begin_conversation(Connection& connection);

 private:
  /// How old a deadline's place in the list may be. Nobody is closed too early for it, only so much
  /// later.
  static constexpr auto renewal_time = std::chrono::milliseconds(150);

  enum class Then { rest, close };

  Server(Shared& shared, std::unique_ptr<uring::Loop> loop, std::unique_ptr<uring::Buffers> buffers,
         common::Fd listener, const common::Fd& wake);

  template <typename Session>
  uring::Task<common::Result<Then>> serve(Connection& peer, Session& session);
  template <typename Session, typename... Arguments>
  uring::Task<> converse(Connection& peer, Arguments... arguments);

  uring::Task<common::Status> work(uring::LogWriter* log_writer);
  uring::Task<> run_background(uring::Task<common::Status> chore);
  uring::Task<common::Status> watch_eventfd();
  uring::Task<common::Status> accept_clients();
  uring::Task<common::Status> enforce_time_bound();

  void add(common::Accepted accepted);
  void add_lent();
  void close(Connection& connection);
  void begin_drain();

  Shared& shared_;
  const common::Options& options_;
  common::ConnectionLog log_;
  const common::Clock::duration time_bound_;
  std::unique_ptr<uring::Loop> loop_;
  std::unique_ptr<uring::Buffers> buffers_;
  common::Fd listener_;
  const common::Fd& wake_;

  uring::Signal look_again_;    ///< Something that work() waits for may have come true.
  uring::Canceller lingering_;  ///< Those that wait for their peers' end of the stream.
  uring::Acceptor acceptor_;
  uring::Scope* conversations_ = nullptr;  ///< While work() runs.

  std::array<std::byte, common::receive_bytes_max> thrown_away_;
  common::SendBuffer answers_;
  std::vector<std::unique_ptr<Lent>> all_lent_;  ///< As many as were needed at once.
  Lent* free_ = nullptr;                         ///< Those that are not lent, by `next`.
  common::DeadlineList time_bounds_;
  common::Slab<Connection> clients_;  ///< After the list, which its entries leave when they end.
  std::size_t talking_ = 0;           ///< Conversations that have a coroutine.
  std::error_code fault_;
  bool draining_ = false;
};

// Here, because they are in the way of each message: to be called would cost as much as the work.
inline uring::Result<common::ByteView> Connection::Next::await_resume() {
  Connection& self = connection_;
  if (!self.unclaimed_ || !self.received()) return std::unexpected(self.why_not());
  self.unclaimed_ = false;
  return self.input();
}

inline void Connection::message_completed() {
  if (clock_ != Clock::running || server_.is_out_of_date(deadline_)) restart_clock();
}

inline common::SendBuffer& Connection::answers() { return server_.answers(); }

}  // namespace stage
