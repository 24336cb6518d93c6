#include "common/http/protocol_option.h"

namespace common {

OptionLine protocol_option(Protocol& target) {
  return choice_option<Protocol>(
      "--protocol", "NAME", "echo, discard or http", target,
      {{"echo", Protocol::echo}, {"discard", Protocol::discard}, {"http", Protocol::http}});
}

std::unique_ptr<Session> make_session(Protocol protocol, std::uint32_t max_message) {
  return visit_protocol(protocol, max_message,
                        []<typename T>(auto... arguments) -> std::unique_ptr<Session> {
                          return std::make_unique<T>(arguments...);
                        });
}

}  // namespace common
