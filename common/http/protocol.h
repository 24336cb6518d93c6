#pragma once

#include <memory>
#include <utility>

#include "common/http/http_session.h"
#include "common/server/options.h"
#include "common/session.h"

namespace common {

/// The only switch over --protocol. Calls
/// `visitor.operator()<T>(arguments...)` with the session's type T and the arguments of its
/// constructor, and returns the result:
///
///     visit_protocol(options, []<typename Session>(auto... arguments) { … });
template <typename Visitor>
decltype(auto) visit_protocol(const Options& options, Visitor visitor) {
  switch (options.protocol) {
    case Protocol::echo:
      return visitor.template operator()<EchoSession>(options.max_message);
    case Protocol::discard:
      return visitor.template operator()<DiscardSession>();
    case Protocol::http:
      return visitor.template operator()<HttpSession>();
  }
  std::unreachable();
}

/// A session of that type, on the heap.
std::unique_ptr<Session> make_session(const Options& options);

}  // namespace common
