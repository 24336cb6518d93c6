#pragma once

#include <expected>
#include <string>

#include "finger/accounts/roster.h"
#include "finger/process/control.h"
#include "finger/rights/fence.h"

namespace finger {

/// Permits what is beneath the directories that hold homes: a rule for the home alone would hold
/// for the directory that is there now, and not for what is mounted or moved there later. A home
/// that is a link is permitted where it leads. With --users it is that directory.
///
/// A look at a directory whose file server is dead does not end, and a process that looks cannot be
/// killed. So each directory is looked at in a process of its own: what has not answered within two
/// seconds is left out, a line says so, and the parent hears of it. When it answers at last its
/// process ends with `answered_late`, as a child of the parent, which then reloads.
/// Error: a line that says what is missing.
std::expected<void, std::string> permit_homes(const HomeFence& fence, const Roster& roster,
                                              const Control& control);

inline constexpr int answered_late = 3;

}  // namespace finger
