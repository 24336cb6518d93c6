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

/// The directions worth trying in this turn. Both, unless we asked the kernel.
struct Readiness {
  bool input = false;
  bool output = false;

  friend bool operator==(const Readiness&, const Readiness&) = default;
};

/// The buffers of the loop, for the connection whose turn it is. An idle connection holds none.
struct Scratch {
  std::array<std::byte, common::loop_receive_buffer_bytes> receive_buffer;
  common::SendBuffer output;
};

/// One peer, on a non-blocking socket: its bytes in, our answers out, and why it was closed. No
/// call may wait, so each turn does the work that can be done immediately and remembers the rest,
/// in members that were local variables in part 1.
class Connection {
 public:
  /// Whether the server must keep or close the connection after its turn.
  enum class Action { keep, close };

  Connection(common::Accepted accepted, std::unique_ptr<common::Session> session,
             const common::Options& options);

  /// Takes one turn: at most one receive and one send, so that a busy peer costs the others no more
  /// than that.
  Action advance(Readiness ready, Scratch& scratch);

  /// One turn of a lingering connection: discards input. In a drain it closes when the peer's
  /// kernel has acknowledged all answers, which causes no event.
  Action linger(Scratch& scratch);

  /// Called after the deadline. First receives input that arrived in time, however late the call
  /// is.
  Action expire(Scratch& scratch);

  /// From now on, answers only what the kernel has already received, and then closes.
  void begin_drain();

  /// The directions it waits for. With neither, acknowledgements are missing, which cause no event.
  Readiness interest() const {
    if (state_ == State::lingering) return {.input = !draining_, .output = false};
    return {.input = held_.empty(), .output = !held_.empty()};
  }

  /// When to call expire(); Clock::time_point::max(): never.
  common::Clock::time_point deadline() const { return deadline_; }

  /// Whether everything is sent, and only the peer's end of stream is missing, or in a drain its
  /// acknowledgements.
  bool lingering() const { return state_ == State::lingering; }

  const common::Fd& fd() const { return fd_; }

 private:
  enum class State : std::uint8_t {
    conversing,  ///< Receives, or sends held_.
    ending,      ///< Sends held_, then closes gracefully.
    lingering,   ///< Discards input, so that no reset destroys answers on their way.
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
  common::Clock::duration read_timeout_;  ///< To complete a message, or to send some of held_.
  common::Clock::time_point deadline_;

  common::Bytes held_;          ///< Answers that the kernel didn't take at first.
  std::size_t held_begin_ = 0;  ///< First byte of held_ that is still unsent.
  std::size_t unacknowledged_ = 0;
};

}  // namespace stage
