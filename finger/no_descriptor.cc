#include "finger/no_descriptor.h"

#include <fmt/format.h>

namespace finger {

std::string explain_no_descriptor(std::error_code error, std::string_view for_what) {
  if (error != std::errc::too_many_files_open) {
    return fmt::format("no descriptor {}: {}", for_what, error.message());
  }
  return fmt::format("too few descriptors {}: raise the limit (ulimit -n or LimitNOFILE=)",
                     for_what);
}

}  // namespace finger
