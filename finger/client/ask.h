#pragma once

#include <string_view>

#include "finger/client/connect.h"
#include "finger/client/filter.h"

namespace finger {

/// Writes to standard output, however long that takes. A failure carries no message, because
/// print() has already explained it, or the reader is gone and needs no explanation.
Outcome<void> print(std::string_view shown);

/// Sends the whole line, or as much as the server takes before it closes.
Outcome<void> send_all(const common::Fd& server, std::string_view line, DueTime deadline);

/// Sends the line and prints what the filter lets through of the answer, as it comes, so an endless
/// answer costs no memory. Prints everything that came, whatever happens afterwards. Succeeds if
/// the server sent something and closed. Fails without a message if print() does.
///
/// Time spent on standard output isn't the server's, so the deadline moves by as much, and a pager
/// may wait between two pages.
Outcome<void> ask(const common::Fd& server, std::string_view line, Filter filter, DueTime deadline);

}  // namespace finger
