#pragma once

#include "common/net/address.h"

namespace finger {

/// Asks the finger daemon at `address` for what costs it least, a query that it refuses, and waits
/// for the words of the refusal: a port that is open says nothing about a daemon that is stuck.
/// Prints a line. Returns the exit status, 0 or 1, within three seconds.
int check_health(const common::Address& address);

}  // namespace finger
