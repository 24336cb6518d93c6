#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include "common/loop/deadline_list.h"
#include "common/loop/token.h"
#include "common/net/accept.h"
#include "common/send_buffer.h"
#include "common/server/duration.h"
#include "common/server/limits_and_timeouts.h"
#include "uring/buffers.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/send_then_receive.h"
#include "uring/task.h"
#include "uring/wait/canceller.h"

namespace stage {

class Connection;

/// This many conversations keep their coroutine while they wait for input, so that it need not be
/// made anew for each message. Beyond that, a coroutine ends as soon as it has nothing left to do.
/// Each takes 576 bytes: with ten thousand connections, all 512 add 29 bytes a connection.
inline constexpr std::size_t conversations_kept_max = 512;

/// Output that is not a view of what was received, until the kernel has it. Connections borrow one
/// while they need it, so that an idle connection has none.
class HeldOutputs {
  struct Output {
    common::SendBuffer buffer;
    HeldOutputs& owner;
  };
  struct GiveBack {
    void operator()(Output* output) const {
      output->buffer.clear();
      output->owner.free_.push_back(output);
    }
  };

 public:
  /// One of them, until the connection drops it.
  using Held = std::unique_ptr<Output, GiveBack>;

  /// Takes what is in `output`, which is empty afterwards.
  Held hold(common::SendBuffer& output);

 private:
  std::vector<std::unique_ptr<Output>> all_;  ///< As many as were in use together.
  std::vector<Output*> free_;
};

/// The error with which receive() ends where more than conversations_kept_max conversations wait
/// for input: this one is to give its coroutine back. Nothing is wrong with the connection.
inline const std::error_code too_many_wait = make_error_code(std::errc::operation_would_block);

/// The server, as its connections know it.
class ConversationOwner {
 public:
  /// A conversation with a peer that has sent something, from here until the peer has left or the
  /// conversation gives its coroutine back.
  virtual uring::Task<> converse(Connection& connection) = 0;

 protected:
  ~ConversationOwner() = default;
};

/// What the connections of one loop share.
struct ConnectionContext {
  uring::Loop& loop;
  uring::Buffers& buffers;
  const common::Clock::duration read_timeout;  ///< For a message, or for the peer to take output.

  ConversationOwner& owner;
  /// Where conversations run, and what connections do for them. Null: the server has failed.
  uring::Scope* conversations = nullptr;
  std::size_t conversations_count = 0;

  common::SendBuffer output{};  ///< Of the conversation that is running.
  HeldOutputs held_outputs{};
  common::DeadlineList deadlines{};
  std::array<std::byte, common::scratch_bytes> discarded{};  ///< Bytes that are not wanted.
  uring::Canceller lingering{};  ///< Connections that wait for the peer's end of stream.
  bool draining = false;
};

/// One peer. While it sends nothing, the connection is no more than this: a descriptor, a receive
/// that the kernel holds, and a deadline. A coroutine, and with it a session, is made when bytes
/// come.
///
/// Its states; in flight means that the kernel has its SendThenReceive:
///
/// | state      | what it has                  | event                      | next       |
/// | ---------- | ---------------------------- | -------------------------- | ---------- |
/// | waiting    | in flight, no coroutine      | go_on(): input or an error | conversing |
/// | receiving  | in flight, receiver_         | go_on(): input or an error | conversing |
/// | conversing | a coroutine at work          | receive()                  | receiving  |
/// |            |                              | wait_for_input()           | waiting    |
/// |            |                              | serve() has returned       | closing    |
/// | recovering | recover(), perhaps receiver_ | room, or a buffer          | as it was  |
/// |            |                              | fail(): an error instead   | conversing |
/// | closing    | close_gracefully()           | the peer ends, or is late  | closed     |
///
/// From waiting and receiving go_on() leads to recovering where the kernel had no room for the
/// output, or no buffer for the input. How long the peer has is ReadTimer's, in any of them.
class Connection final : public uring::SendThenReceive {
 public:
  Connection(ConnectionContext& context, common::Accepted accepted);
  ~Connection();

  /// Names the connection. From now on what the peer sends starts a conversation.
  void open(common::Token token);

  /// Sends what is staged and waits for input without a coroutine: input starts a conversation.
  void wait_for_input();

  class [[nodiscard]] ReceiveAwaiter {
   public:
    explicit ReceiveAwaiter(Connection& connection) : connection_(connection) {}
    ~ReceiveAwaiter() { connection_.receiver_ = nullptr; }  // it goes on, or was destroyed
    bool await_ready() const { return connection_.receive_ended_ || connection_.must_not_wait(); }
    void await_suspend(std::coroutine_handle<> awaiting) {
      connection_.receiver_ = awaiting;
      connection_.start();
    }
    uring::Result<common::ByteView> await_resume() { return connection_.take_input(); }

   private:
    Connection& connection_;
  };
  /// Submits what send_all() has staged and waits for input: some bytes, good until the next call,
  /// or none at the end of the stream.
  /// Errors: timed_out when no message was completed in time; of recv(2) and send(2);
  /// too_many_wait, after which the conversation is to end, and to leave what is staged to
  /// wait_for_input().
  ReceiveAwaiter receive() { return ReceiveAwaiter(*this); }

  /// Where the conversation puts its output: the same for all of them, so that none may wait
  /// between filling it and send_all().
  common::SendBuffer& output() { return context_.output; }

  /// Stages `output`, the view of output(), which may be cleared. It is sent, and what goes wrong
  /// with it is reported, by the next receive(), or by flush() where none follows.
  void send_all(common::ByteView output);

  /// Sends what is still staged, as long as that may take.
  /// Errors: timed_out when the peer takes nothing for as long as --read-timeout says; of send(2).
  uring::Task<common::Status> flush();

  /// From now on the peer has the whole time again for its next message.
  void restart_timeout();

  /// Its deadline has passed: the receive ends or, if there is none, the next does not begin unless
  /// a message is completed before. Only if the server had no buffer for the peer's input for a
  /// while, the peer gets its whole time again, once: it may have sent the message long ago.
  void expire();

  /// Ends our side of the stream, then reads and discards until the peer ends its own, up to
  /// linger_timeout. Closing with input unread would send a reset, and that destroys output on its
  /// way. In a drain, only until the peer's kernel has acknowledged everything.
  uring::Task<> close_gracefully();

  /// From now on it answers what the kernel has received already, and then closes.
  void begin_drain();

  const common::Address& peer() const { return peer_; }
  common::Token token() const { return token_; }

 private:
  /// The time for the peer's next message.
  enum class ReadTimer : std::uint8_t {
    running,
    waited_for_buffer,  ///< It runs, but for some of it the server had no buffer for the input.
    extended,           ///< It runs once more, for that reason. There is no third time.
    over,
  };

  void output_sent() override { held_.reset(); }
  void go_on() override;

  bool must_not_wait() const { return read_timer_ == ReadTimer::over || too_many_are_waiting(); }
  bool too_many_are_waiting() const {
    return context_.conversations_count > conversations_kept_max && may_give_way_;
  }
  uring::Result<common::ByteView> take_input();
  std::error_code end_without_waiting();
  std::error_code end_after_failure();
  void discard_output();

  void hold_output();
  void start_conversation();
  void start_recovery();
  bool can_recover() const;
  uring::Task<> recover();
  uring::Task<common::Status> wait_for_buffer();
  uring::Task<common::Status> copy_and_send(common::ByteView output);
  void fail(std::error_code error);

  void restart_read_timer();
  uring::Task<> close_when_acknowledged();

  ConnectionContext& context_;
  common::Fd fd_;
  common::Address peer_;
  common::Token token_;
  common::DeadlineEntry deadline_;
  HeldOutputs::Held held_;            ///< The staged output, if it is not a view of the input.
  std::coroutine_handle<> receiver_;  ///< In receive().
  bool receive_ended_ = false;        ///< There is input, or an error in its place.
  bool may_give_way_ = false;  ///< A message was completed since too_many_wait was last said.
  bool lingering_ = false;
  ReadTimer read_timer_ = ReadTimer::running;
};

// Here, because each message passes through them: a call would cost as much as the work.

inline void Connection::send_all(common::ByteView output) {
  stage(output);  // usually a view of the input, which stays where it is
  if (context_.output.owns_memory()) hold_output();
}

inline void Connection::restart_timeout() {
  may_give_way_ = true;
  const bool moved_lately = deadline_.deadline() >= context_.loop.now() + context_.read_timeout;
  if (read_timer_ != ReadTimer::running || !moved_lately) restart_read_timer();
}

inline uring::Result<common::ByteView> Connection::take_input() {
  if (!receive_ended_) return std::unexpected(end_without_waiting());
  receive_ended_ = false;
  if (!received()) return std::unexpected(end_after_failure());
  return input();
}

}  // namespace stage
