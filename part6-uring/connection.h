#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include "common/loop/deadline_list.h"
#include "common/loop/token.h"
#include "common/send_buffer.h"
#include "common/server/listen.h"
#include "uring/scope.h"
#include "uring/send_then_receive.h"
#include "uring/task.h"

namespace stage {

class Server;

/// Answers that are not what was received, lent by the server until the kernel has them: an idle
/// connection holds none.
struct Lent {
  common::SendBuffer answers;
  Lent* next = nullptr;  ///< Among those that are not lent.
};

/// One peer. While it says nothing it is no more than this: a descriptor, a receive that the kernel
/// holds, and a deadline. A coroutine, and with it a session, comes when bytes come.
///
/// It goes round: the exchange is in flight; it has ended, and is `unclaimed_` until a coroutine
/// looks at it; what was received is in `input()`, and so is the answer, or it is in `lent_`, until
/// the next exchange has sent that. Where the kernel had no room for an answer the coroutine holds
/// a copy and sends it; at the end it lingers, and is closed.
class Connection final : public uring::SendThenReceive {
 public:
  Connection(Server& server, uring::Loop& loop, uring::Buffers& buffers, common::Accepted accepted);
  ~Connection();

  /// Known when it has its place; from then on what the peer sends begins a conversation.
  void listen(common::Token token);

  class [[nodiscard]] Next {
   public:
    explicit Next(Connection& connection) : connection_(connection) {}
    ~Next() { connection_.waiting_ = nullptr; }
    bool await_ready() const { return connection_.has_news(); }
    void await_suspend(std::coroutine_handle<> awaiting) {
      connection_.waiting_ = awaiting;
      connection_.begin_exchange();
    }
    [[gnu::always_inline]] uring::Result<common::ByteView> await_resume();

   private:
    Connection& connection_;
  };
  /// Sends what answers() holds and waits for what the peer says next: some bytes, which stay where
  /// they are until the next call, or none at the end of its stream.
  /// Errors: timed_out when no message was completed in time; of recv(2) and send(2).
  Next exchange() { return Next(*this); }

  /// Where to put the answers to what exchange() has returned. The same for all, and so nobody may
  /// wait before they are sent.
  common::SendBuffer& answers();

  /// Sends what answers() holds, as long as that may take: for last words, and where the kernel had
  /// no room for all. Errors: timed_out when the peer takes nothing for as long as --read-timeout
  /// says; of send(2).
  uring::Task<common::Status> send_all();

  /// Sends what answers() holds and waits for what comes next without a coroutine: whatever the
  /// peer says then begins a new one.
  void rest();

  /// Mends what made the last exchange() fail: sends what the kernel had no room for, waits for a
  /// buffer. Error: it cannot be mended.
  uring::Task<common::Status> recover(std::error_code error);

  /// From now on the peer has the whole time again for its next message.
  void message_completed();

  /// Its deadline has passed: the exchange ends, or if there is none, the next does not begin
  /// unless a message is completed before. But if we had no buffer for what it said, the lost time
  /// is our fault, and it gets all of it once more.
  void expire();

  /// Ends our side of the stream, then reads and throws away until the peer ends its own, up to
  /// linger_timeout. Closing with input unread would send a reset, and that destroys answers on
  /// their way. In a drain, only until the peer's kernel has acknowledged everything.
  uring::Task<> close_gracefully();

  /// From now on it answers what the kernel has received already, and then closes.
  void begin_drain();

  const common::Address& peer() const { return peer_; }
  common::Token token() const { return token_; }

 private:
  /// What has become of the time for its next message: it runs; it does, but some of it went by
  /// while we had no buffer; for that it was given anew, once; it is over.
  enum class Clock : std::uint8_t { running, has_waited, excused, overdue };

  void answer_sent() override;
  void go_on() override;

  bool has_news() const { return unclaimed_ || clock_ == Clock::overdue; }
  [[gnu::cold]] std::error_code why_not();
  void begin_exchange();
  void begin_with_own_memory();
  void restart_clock();
  void give_back_lent();
  uring::Task<common::Status> hold_and_send(common::ByteView answers);
  uring::Task<> close_when_acknowledged();

  Server& server_;
  common::Fd fd_;
  common::Address peer_;
  common::Token token_;
  common::DeadlineEntry deadline_;
  Lent* lent_ = nullptr;             ///< The answers that are being sent, if they are not input().
  std::coroutine_handle<> waiting_;  ///< In exchange().
  bool unclaimed_ = false;           ///< The last exchange has ended, and nobody has looked at it.
  bool lingering_ = false;
  Clock clock_ = Clock::running;
};

}  // namespace stage
