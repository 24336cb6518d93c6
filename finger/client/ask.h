#pragma once

#include <string_view>

#include "common/net/address.h"
#include "finger/client/connect.h"
#include "finger/client/filter.h"

namespace finger {

/// Sends the line and prints what the filter lets through of the answer, as it comes; an endless
/// answer costs no memory. What has come is printed whatever happens afterwards. Success: the
/// server has sent something and closed. Failure without words: standard output has no reader any
/// more.
///
/// The time that standard output takes is not the server's: the deadline moves by as much, so a
/// pager may wait between two pages.
Outcome<void> ask(const common::Fd& server, std::string_view line, Filter filter, DueTime deadline);

/// Asks the finger daemon at `address` for what costs it least, a query that it refuses, and waits
/// for the words of the refusal: a port that is open says nothing about a daemon that is stuck.
/// Prints a line. Returns the exit status, 0 or 1, within three seconds.
int check_health(const common::Address& address);

}  // namespace finger
