#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "common/fd.h"
#include "common/frame_reader.h"
#include "common/loop/deadline_list.h"
#include "common/loop/token.h"
#include "common/net/accept.h"
#include "common/net/address.h"
#include "common/server/duration.h"
#include "finger/accounts/accounts.h"
#include "finger/protocol/crlf.h"
#include "finger/protocol/query.h"
#include "finger/steps/machine/ring.h"
#include "finger/steps/machine/table.h"

namespace machine {

/// What all clients share.
struct Shared {
  common::Fd directory;  ///< Of --users.
  finger::Accounts accounts;
  std::string list;  ///< The answer to the empty query.
  bool draining = false;
};

/// One client's conversation. What a coroutine would keep in local variables are members here, for
/// as long as the client exists; in which states each of them has a meaning, the code must know.
///
/// It has one operation in flight at any time, from the first receive to the close. So it can be
/// erased when an operation has completed, and not before: the kernel works with its memory.
class Client {
 public:
  Client(common::Accepted accepted, const Shared& shared, common::Clock::time_point now);

  /// What the completion of the operation that the state waits for means.
  Event decode(int result);

  /// Enters the next state and prepares the operation that it waits for. In `closed` there is none,
  /// and the kernel uses no memory of this client any more.
  void advance(const Transition& transition, Ring& ring, common::Token token);

  /// Its deadline has passed: cancels its operation, whose completion is the last one, except while
  /// lingering.
  void give_up(Ring& ring, common::Token token);

  /// From now on it answers only what the kernel has received already, and then closes.
  void begin_drain(Ring& ring, common::Token token);

  /// A line for the log: peer, query and outcome.
  std::string log_line(common::Clock::time_point now) const;

  State state() const { return state_; }

  common::DeadlineEntry deadline;

 private:
  static constexpr std::size_t buffer_bytes = 16 * 1024;

  void reset_on_close();
  Event decode_in_state(int result);
  Event decode_query(int result);
  Event answer(std::string_view line);
  Event refuse(std::error_code error);
  Event decode_home(int result);
  Event decode_plan(int result);
  Event decode_read(int result);
  Event end_of_plan();
  Event answer_no_plan();
  Event decode_sent(int result);
  Event decode_discarded(int result);
  Event fail(Event event, int result);
  void prepare_text(std::string text);
  std::span<std::byte> spare_part() { return finger::CrlfConverter::spare_part(buffer_); }
  void prepare(Action action, io_uring_sqe* entry);
  void prepare_discard(io_uring_sqe* entry);

  State state_ = State::closed;
  bool given_up_ = false;
  common::Fd socket_;
  common::Address peer_;
  const Shared& shared_;
  common::Clock::time_point began_;

  finger::QueryReader query_;
  const finger::Account* account_ = nullptr;  ///< From open_home on.
  bool verbose_ = false;
  common::Fd home_, plan_;
  bool plan_goes_on_ = false;  ///< It is open and its end has not been seen.
  std::uint64_t offset_ = 0;   ///< How much of it was read.
  finger::CrlfConverter converter_;
  std::string text_;         ///< What is sent other than a plan or the list.
  common::ByteView unsent_;  ///< Of text_, of the list, or of buffer_.
  std::uint64_t sent_bytes_ = 0;
  std::string outcome_ = "answered";
  std::array<std::byte, buffer_bytes> buffer_;  ///< The kernel's while a read is in flight.
};

/// For operations whose completion is ignored.
inline constexpr common::Token ignored{common::Token::Kind::wake, 1};

}  // namespace machine
