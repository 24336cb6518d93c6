#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace finger {

/// How a conversation ends. `failed` is no client's doing.
enum class Outcome {
  answered,
  without_plan,
  no_such_user,
  relay_denied,
  invalid_query,
  query_too_long,
  unexpected_eof,
  list_denied,
  query_timeout,
  timed_out,     ///< Later: the deadline has passed.
  home_timeout,  ///< The same, while a home did not answer.
  displaced,     ///< Before the query was complete: another connection has the place.
  stopped,       ///< The worker was, before the query was complete.
  gone,          ///< The peer is.
  failed,
};

/// In that order, as the log has them.
inline constexpr std::array<std::string_view, 15> outcome_names{"answered",
                                                                "no plan",
                                                                "no such user",
                                                                "relay access denied",
                                                                "invalid query",
                                                                "maximum query length exceeded",
                                                                "unexpected EOF",
                                                                "user list denied",
                                                                "query timeout",
                                                                "timed out",
                                                                "timed out in the home",
                                                                "displaced",
                                                                "stopped",
                                                                "gone",
                                                                "failed"};
static_assert(outcome_names.size() == static_cast<std::size_t>(Outcome::failed) + 1);

/// What a worker has counted since it started.
struct Counters {
  std::uint64_t accepted = 0;  ///< Connections of clients.
  std::uint64_t refused = 0;   ///< Of those: closed at once, the address had too many.
  std::uint64_t checks = 0;    ///< Connections of a proxy on its own behalf.
  std::uint64_t sent_bytes = 0;
  std::array<std::uint64_t, outcome_names.size()> outcomes{};

  /// `5 accepted, 1 turned away, 0 checks, 812 bytes sent: 2 answered, 1 no such user`.
  std::string text() const;
};

}  // namespace finger
