#pragma once

#include "common/fd.h"

namespace common {

/// Whether a receive would return immediately: with bytes, or with the end of the stream.
bool has_input(const Fd& socket);

}  // namespace common
