#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "common/http/http_session.h"
#include "common/server/options.h"
#include "common/session.h"

namespace common {

/// What --protocol chooses.
enum class Protocol { echo, discard, http };

OptionLine protocol_option(Protocol& target);

/// The only switch over a Protocol. Calls
/// `visitor.operator()<T>(arguments...)` with the session's type T and the arguments of its
/// constructor, and returns the result:
///
///     visit_protocol(protocol, max_message, []<typename Session>(auto... arguments) { … });
///
/// `Echo` is the session for echo.
template <typename Echo = EchoSession, typename Visitor>
decltype(auto) visit_protocol(Protocol protocol, std::uint32_t max_message, Visitor visitor) {
  switch (protocol) {
    case Protocol::echo:
      return visitor.template operator()<Echo>(max_message);
    case Protocol::discard:
      return visitor.template operator()<DiscardSession>();
    case Protocol::http:
      return visitor.template operator()<HttpSession>();
  }
  std::unreachable();
}

/// A session of that type, on the heap.
std::unique_ptr<Session> make_session(Protocol protocol, std::uint32_t max_message);

}  // namespace common
