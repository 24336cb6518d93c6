#pragma once

#include <poll.h>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "common/fd.h"
#include "common/loop/token.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "connection.h"

namespace stage {

/// Something can be done without waiting. An error or a hang-up counts as everything that was asked
/// for: the call that is tried then says what has happened.
struct Event {
  common::Token token;
  Readiness ready;
};

/// Waits for the readiness of many descriptors with poll(2): the whole set goes to the kernel with
/// every call.
class Poller {
 public:
  /// Adds a descriptor, which must stay open until forget().
  void watch(const common::Fd& fd, common::Token token, Readiness interest);

  /// Changes what is waited for.
  void change(const common::Fd& fd, common::Token token, Readiness interest);

  /// Removes a descriptor; one that is not watched is fine, too.
  void forget(const common::Fd& fd);

  /// Waits until something is ready or `deadline` has come. The events are good until the next
  /// call. Errors: of poll(2).
  common::Result<std::span<const Event>> wait(std::optional<common::Clock::time_point> deadline);

 private:
  static constexpr std::size_t unwatched = static_cast<std::size_t>(-1);
  std::size_t& index_of(const common::Fd& fd);

  std::vector<pollfd> polled_;         ///< What poll(2) is given.
  std::vector<common::Token> tokens_;  ///< tokens_[i] belongs to polled_[i].
  std::vector<std::size_t> index_;     ///< index_[fd] is the descriptor's place in both.
  std::vector<Event> events_;
};

}  // namespace stage
