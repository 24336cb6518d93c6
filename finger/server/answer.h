#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "finger/server/accounts.h"

namespace finger {

// The texts that we answer with, apart from the plans. Each ends its lines with CRLF.

/// Instead of a plan that is not there, empty, not readable or not a regular file.
inline constexpr std::string_view no_plan = "No Plan.\r\n";

/// A line for each user, in order: the login and, with names, a tab and the full name. It is as
/// long as there are users: made when they are loaded, and not for each who asks.
std::string list_answer(const Accounts& accounts, bool with_names);

/// `Name: FULL NAME`, the line in front of a plan.
std::string name_line(const Account& account);

/// `Error: TEXT`; empty if the peer is not told (text_for_peer).
std::string error_line(std::error_code error);

}  // namespace finger
