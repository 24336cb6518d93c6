#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

#include "common/fd.h"
#include "common/server/duration.h"
#include "common/server/listen.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "common/server/socket.h"
#include "common/session.h"

namespace stage {

/// What the system calls of one turn may try: whoever has not asked the kernel tries everything.
struct Readiness {
  bool input = false;
  bool output = false;

  friend bool operator==(const Readiness&, const Readiness&) = default;
};

/// Buffers of the loop, lent to whichever connection has its turn: an idle one holds none.
struct Lent {
  std::array<std::byte, common::receive_bytes_max> input;
  common::SendBuffer answers;
};

/// One peer: its bytes in, our answers out, and why it was closed. What part 1 kept in local
/// variables stands here, because nothing may wait any more: each turn does what can be done at
/// once and remembers the rest.
class Connection {
 public:
  /// What the server must do with it after its turn.
  enum class Action { keep, close };

  Connection(common::Accepted accepted, std::unique_ptr<common::Session> session,
             const common::Options& options, common::Clock::time_point now);

  /// One turn: at most one receive and one send, so that a busy peer costs the others no more than
  /// that.
  Action advance(Readiness ready, common::Clock::time_point now, Lent& lent);

  /// Its deadline has passed.
  Action expire(common::Clock::time_point now);

  /// From now on it answers what the kernel has received already, and then closes.
  void begin_drain();

  /// What it waits for: neither, where only time will tell.
  Readiness interest() const {
    if (state_ == State::lingering) return {.input = !draining_, .output = false};
    return {.input = held_.empty(), .output = !held_.empty()};
  }

  /// When to call expire(); Clock::time_point::max(): never.
  common::Clock::time_point deadline() const { return deadline_; }

  /// Whether all is said, and only the peer is waited for.
  bool lingering() const { return state_ == State::lingering; }

  const common::Fd& fd() const { return fd_; }

 private:
  enum class State : std::uint8_t {
    conversing,  ///< Receives, or sends what it holds.
    ending,      ///< Sends what it holds, then its end of the stream.
    lingering,   ///< Throws away what comes, so that no reset destroys answers on their way.
  };

  Action receive(common::Clock::time_point now, Lent& lent);
  Action send(common::ByteView answers, common::Clock::time_point now);
  Action send_held(common::Clock::time_point now);
  Action end_stream(common::Clock::time_point now);
  Action throw_away(Lent& lent);
  void renew_deadline(common::Clock::time_point now);
  /// Cold: once a connection, and out of the way of what is done for each message.
  [[gnu::cold]] void log_closed(std::error_code reason) const;

  common::Fd fd_;
  common::Address peer_;
  State state_ = State::conversing;
  bool peer_ended_ = false;
  bool draining_ = false;
  std::unique_ptr<common::Session> session_;
  const common::Options& options_;
  common::Clock::duration time_bound_;  ///< What --read-timeout says, or a century.
  common::Clock::time_point deadline_;

  common::Bytes held_;          ///< Answers that the kernel would not take yet.
  std::size_t held_begin_ = 0;  ///< Where those begin that it has not taken since.
  std::size_t unacknowledged_ = 0;
};

}  // namespace stage
