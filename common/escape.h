#pragma once

#include <string>

#include "common/byte_view.h"

namespace common {

/// Keeps printable ASCII, doubles backslashes, and writes everything else as \xHH, so that a peer's
/// bytes can't move the reader's cursor or forge a line.
std::string escape(ByteView bytes);

}  // namespace common
