#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace finger {

/// What a worker has counted since it started.
struct Counters {
  std::uint64_t accepted = 0;  ///< Connections of clients.
  std::uint64_t refused = 0;   ///< Of those: closed at once, the address had too many.
  std::uint64_t checks = 0;    ///< Connections of a proxy on its own behalf.
  std::uint64_t sent_bytes = 0;
  std::map<std::string, std::uint64_t, std::less<>> outcomes;  ///< How conversations have ended.

  /// `5 accepted, 1 turned away, 0 checks, 812 bytes sent: 4 answered, 1 no such user`.
  std::string text() const;
};

}  // namespace finger
