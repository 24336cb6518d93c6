#pragma once

#include <string>

#include "finger/accounts/accounts.h"

namespace finger {

/// The list of users: a line for each, with the login and, with names, a tab and the full name.
/// Lines end with CRLF.
std::string list_answer(const Accounts& accounts, bool with_names);

}  // namespace finger
