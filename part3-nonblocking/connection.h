#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

#include "common/byte_view.h"
#include "common/fd.h"
#include "common/net/accept.h"
#include "common/send_buffer.h"
#include "common/server/constants.h"
#include "common/server/duration.h"
#include "common/server/options.h"
#include "common/session.h"

namespace stage {

/// What is worth trying in this turn: everything, unless the kernel was asked.
struct Readiness {
  bool input = false;
  bool output = false;

  friend bool operator==(const Readiness&, const Readiness&) = default;
};

/// The buffers of the loop, for the connection whose turn it is: an idle connection holds none.
struct Scratch {
  std::array<std::byte, common::loop_receive_buffer_bytes> receive_buffer;
  common::SendBuffer output;
};

/// One peer, on a non-blocking socket: its bytes in, our answers out, and why it was closed. What
/// part 1 kept in local variables is a member here, because no call may wait: each turn does what
/// can be done immediately and remembers the rest.
class Connection {
 public:
  /// What the server must do with the connection after its turn.
  enum class Action { keep, close };

  Connection(common::Accepted accepted, std::unique_ptr<common::Session> session,
             const common::Options& options);

  /// One turn: at most one receive and one send, so that a busy peer costs the others no more than
  /// that.
  Action advance(Readiness ready, Scratch& scratch);

  /// One turn of a lingering connection: discards what has come. In a drain it closes once the
  /// kernel of the peer has acknowledged all answers, which causes no event.
  Action linger(Scratch& scratch);

  /// The deadline has passed. What has come in time is received first, however late this call is.
  Action expire(Scratch& scratch);

  /// From now on it answers what the kernel has received already, and then closes.
  void begin_drain();

  /// What it waits for. Neither: only for the kernel of the peer, which causes no event.
  Readiness interest() const {
    if (state_ == State::lingering) return {.input = !draining_, .output = false};
    return {.input = held_.empty(), .output = !held_.empty()};
  }

  /// When to call expire(); Clock::time_point::max(): never.
  common::Clock::time_point deadline() const { return deadline_; }

  /// Whether everything is sent, and only the peer's end of stream is missing.
  bool lingering() const { return state_ == State::lingering; }

  const common::Fd& fd() const { return fd_; }

 private:
  enum class State : std::uint8_t {
    conversing,  ///< Receives, or sends what it holds.
    ending,      ///< Sends what it holds, then closes gracefully.
    lingering,   ///< Discards what comes, so that no reset destroys answers on their way.
  };

  Action receive(Scratch& scratch);
  Action send(common::ByteView output);
  Action send_held();
  Action close_gracefully();
  void renew_deadline();
  /// Cold: called once for each connection, and kept out of the code that runs for each message.
  [[gnu::cold]] void log_closed(std::error_code reason) const;

  common::Fd fd_;
  common::Address peer_;
  State state_ = State::conversing;
  bool peer_ended_ = false;
  bool draining_ = false;
  std::unique_ptr<common::Session> session_;
  const common::Options& options_;
  common::Clock::duration read_timeout_;  ///< The next message has it, or a held answer to move.
  common::Clock::time_point deadline_;

  common::Bytes held_;          ///< Answers that the kernel did not take when they were made.
  std::size_t held_begin_ = 0;  ///< Where those begin that it has not taken since.
  std::size_t unacknowledged_ = 0;
};

}  // namespace stage
