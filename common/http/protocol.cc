#include "common/http/protocol.h"

namespace common {

std::unique_ptr<Session> make_session(const Options& options) {
  return visit_protocol(options, []<typename T>(auto... arguments) -> std::unique_ptr<Session> {
    return std::make_unique<T>(arguments...);
  });
}

}  // namespace common
