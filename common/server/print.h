#pragma once

#include <string_view>

#include "common/result.h"

namespace common {

/// Writes all of it to stdout, without a buffer, and waits for as long as that takes. Errors: of
/// write(2).
Status print(std::string_view text);

}  // namespace common
