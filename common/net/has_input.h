#pragma once

#include "common/fd.h"

namespace common {

/// Whether a receive would immediately return bytes or the end of the stream.
bool has_input(const Fd& socket);

}  // namespace common
