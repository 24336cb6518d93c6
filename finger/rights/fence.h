#pragma once

#include <expected>
#include <string>

#include "common/fd.h"
#include "finger/accounts/roster.h"
#include "finger/process/control.h"

namespace finger {

// What landlock(7) takes away from this process for good, whatever other rights it has: the
// credentials of a file's owner that are registered afterwards are restricted, too. Where the
// kernel has no Landlock, or refuses it, a line says so; an older version takes away less.

/// No rights can be gained (PR_SET_NO_NEW_PRIVS). Files are opened for reading only, and no program
/// is executed. Before Linux 6.2 (version 3) a file that may be read and written can still be
/// emptied, wherever it is: to open(2) with O_ACCMODE Landlock has nothing to say. From 6.12 on
/// (version 6) no abstract Unix socket is connected to another process's, and no other process is
/// signalled, but those that this one starts. Error: a line that says what fails.
std::expected<void, std::string> forbid_writing();

/// Files are read only where homes are. From Linux 6.7 on (version 4) connect(2) and bind(2) of a
/// TCP socket are refused.
class HomeFence {
 public:
  HomeFence();

  /// Permits reading beneath this directory. False: the kernel refuses the rule.
  bool permit(const common::Fd& directory) const;

  /// For good. Logs a line where it cannot be had.
  void put_up() const;

  /// -1: no Landlock.
  int descriptor() const { return rules_.get(); }

 private:
  common::Fd rules_;  ///< Empty: no Landlock.
};

/// Permits what is beneath the directories that hold homes: a rule for the home alone would hold
/// for the directory that is there now, and not for what is mounted or moved there later. A home
/// that is a link is permitted where it leads, if root has made it. With --users it is that
/// directory.
///
/// A look at a directory whose file server is dead does not end, and a process that looks cannot be
/// killed. So each directory is looked at in a process of its own: what has not answered within two
/// seconds is left out, a line says so, and the parent hears of it. When it answers at last its
/// process ends, as a child of the parent, which then reloads. Where the way to a home is closed to
/// a process that looks, a line says so, too. Error: a line that says what is missing.
std::expected<void, std::string> permit_homes(const HomeFence& fence, const Roster& roster,
                                              const Control& control);

}  // namespace finger
