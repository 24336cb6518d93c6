#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "load/conversation.h"
#include "load/histogram.h"

namespace load {

/// The goal of a run: an exact number of messages, or as many as fit a time.
struct Goal {
  std::uint64_t messages = 0;  ///< 0: as many as fit
  std::chrono::nanoseconds duration{};
};

struct Tally {
  std::uint64_t messages = 0;
  std::chrono::nanoseconds duration{};  ///< From the first byte sent to the last received.
  Histogram latency;                    ///< Nanoseconds from sending a message to its last byte.
};

/// Connections from several loopback addresses, served by one thread. There may be idle connections
/// beside them, which never send anything.
/// This is a closed loop. Each connection has `in_flight` messages on the way, and sends the next
/// when one is answered. A single connection waits in recv(2), several in epoll_wait(2).
class Crowd {
 public:
  struct Shape {
    std::uint32_t connections = 1;
    std::uint32_t in_flight = 1;
    std::uint32_t payload_bytes = 64;
    std::uint32_t piece_bytes = 0;  ///< Sent at a time, a turn of the loop apart; 0: no limit.
    std::uint32_t idle_connections = 0;
    std::uint32_t sources = 8;  ///< Addresses, 127.0.0.1 and up; 0: any.
  };

  /// Connects, the idle ones first, since an answer to a later one proves that they were accepted.
  /// Errors: of socket(2), connect(2), epoll_create1(2).
  static common::Result<Crowd> connect(const common::Address& server, const Shape& shape);

  /// Runs until the goal is reached and every message answered, so nothing is on its way between
  /// two runs. Errors: of recv(2) and send(2); connection_aborted if the server closed; bad_message
  /// if it sent other bytes; timed_out if there was no answer for a minute.
  common::Result<Tally> run(const Goal& goal);

 private:
  using Instant = common::Clock::time_point;

  struct Connection {
    common::Fd fd;
    std::uint32_t number = 0;
    std::uint64_t asked_bytes = 0;  ///< Positions in the stream, asked >= sent >= received.
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
    bool waits_a_turn = false;  ///< Before its next piece.
  };

  explicit Crowd(const Shape& shape);
  common::Status add(const common::Address& server);
  common::Status add_idle(const common::Address& server);
  common::Result<common::Fd> connect_to(const common::Address& server);
  void ask(Connection& connection, std::uint64_t messages, Instant now);
  common::Status send_what_is_asked(Connection& connection);
  common::Status receive(Connection& connection);
  void answered(Connection& connection, std::uint64_t received_bytes, Instant now);
  common::Status wait_and_serve();
  Instant& asked_at(const Connection& connection, std::uint64_t message);

  Shape shape_;
  Conversation conversation_;
  common::Fd epoll_;
  bool one_blocks_;
  std::vector<Connection> connections_;
  std::vector<std::size_t> unfinished_;  ///< Numbers of the connections that wait a turn.
  std::vector<common::Fd> idle_;
  std::vector<Instant> asked_at_;  ///< in_flight for each connection, used in turn.
  std::vector<std::byte> out_, in_;

  // For the current run.
  Tally tally_;
  Instant begin_, end_;
  std::uint64_t may_ask_ = 0;  ///< Messages that we may still send.
  std::uint64_t asked_ = 0;
};

}  // namespace load
