#pragma once

#include <string_view>

#include "common/result.h"

namespace common {

/// Writes all of `text` to stdout, without a buffer, however long that takes. Errors: of write(2).
Status print(std::string_view text);

}  // namespace common
