#pragma once

#include <string_view>

#include "finger/client/connect.h"
#include "finger/client/filter.h"

namespace finger {

/// Writes to standard output, and waits for as long as that takes. Failure without words: a line
/// has said why it cannot be written, or its reader has gone, which needs none.
Outcome<void> print(std::string_view shown);

/// The whole line, or as much as the server takes before it closes.
Outcome<void> send_all(const common::Fd& server, std::string_view line, DueTime deadline);

/// Sends the line and prints what the filter lets through of the answer, as it comes; an endless
/// answer costs no memory. What has come is printed whatever happens afterwards. Success: the
/// server has sent something and closed. Failure without words: as with print().
///
/// The time that standard output takes is not the server's: the deadline moves by as much, so a
/// pager may wait between two pages.
Outcome<void> ask(const common::Fd& server, std::string_view line, Filter filter, DueTime deadline);

}  // namespace finger
