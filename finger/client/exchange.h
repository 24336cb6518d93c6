#pragma once

#include <string_view>

#include "finger/client/connect.h"
#include "finger/client/filter.h"

namespace finger {

/// Sends the line and writes what of the answer passes the filter to standard output, as it comes;
/// an answer without end costs no memory. What has come is written whatever happens then. Success:
/// the server has said something and closed. Failure without words: nobody reads our output any
/// more.
///
/// The time that standard output takes is not the server's: the deadline moves by as much, so that
/// a pager may stand between two pages.
Outcome<void> exchange(const common::Fd& server, std::string_view line, Filter filter,
                       Deadline deadline);

}  // namespace finger
