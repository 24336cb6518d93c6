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

/// Readiness of one descriptor. An error or a hang-up counts as ready in both directions, because
/// the call that we then try reports it.
struct Event {
  common::Token token;
  Readiness ready;
};

/// Waits for the readiness of many descriptors with poll(2), which hands the whole set to the
/// kernel with every call.
class Poller {
 public:
  /// Adds a descriptor, which must stay open until forget().
  void watch(const common::Fd& fd, common::Token token, Readiness interest);

  /// Changes the interest in a descriptor.
  void change(const common::Fd& fd, common::Token token, Readiness interest);

  /// Removes a descriptor, if it is watched.
  void forget(const common::Fd& fd);

  /// Waits until something is ready or `deadline` is reached. The events are good until the next
  /// call. Errors: of poll(2).
  common::Result<std::span<const Event>> wait(std::optional<common::Clock::time_point> deadline);

 private:
  static constexpr std::size_t unwatched = static_cast<std::size_t>(-1);
  std::size_t& index_of(const common::Fd& fd);

  std::vector<pollfd> polled_;         ///< The array for poll(2).
  std::vector<common::Token> tokens_;  ///< tokens_[i] belongs to polled_[i].
  std::vector<std::size_t> index_;     ///< index_[fd] is the descriptor's place in both.
  std::vector<Event> events_;
};

}  // namespace stage
