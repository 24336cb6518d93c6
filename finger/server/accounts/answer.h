#pragma once

#include <string>

#include "finger/server/accounts/accounts.h"

namespace finger {

// What is answered about accounts, apart from the plans. Lines end with CRLF.

/// `Name: FULL NAME`, the line before a plan.
std::string name_line(const Account& account);

/// The list of users: a line for each, with the login and, with names, a tab and the full name.
std::string list_answer(const Accounts& accounts, bool with_names);

}  // namespace finger
