#include "common/http/protocol_option.h"

#include <utility>

#include "common/http/http_session.h"

namespace common {

OptionLine protocol_option(Protocol& target) {
  return choice_option<Protocol>(
      "--protocol", "NAME", "echo, discard or http", target,
      {{"echo", Protocol::echo}, {"discard", Protocol::discard}, {"http", Protocol::http}});
}

std::unique_ptr<Session> make_session(Protocol protocol, std::uint32_t max_message) {
  switch (protocol) {
    case Protocol::echo:
      return std::make_unique<EchoSession>(max_message);
    case Protocol::discard:
      return std::make_unique<DiscardSession>();
    case Protocol::http:
      return std::make_unique<HttpSession>();
  }
  std::unreachable();
}

}  // namespace common
