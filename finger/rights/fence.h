#pragma once

#include <expected>
#include <string>

#include "common/fd.h"
#include "finger/accounts/roster.h"
#include "finger/process/control.h"

namespace finger {

// landlock(7) takes these rights from this process permanently, whatever its other rights.
// Credentials of a file's owner that are registered afterwards are restricted, too. If the kernel
// has no Landlock, or refuses, we log a line; an older version takes away less.

/// Forbids gaining rights (PR_SET_NO_NEW_PRIVS), opening files except for reading, and executing
/// programs. Before Linux 6.2 (version 3) we can still empty any file that we may read and write,
/// because Landlock doesn't check open(2) with O_ACCMODE. Since 6.12 (version 6) we can't connect
/// to another process's abstract Unix socket, or signal processes other than those that we start.
/// Error: a line that says what fails.
std::expected<void, std::string> forbid_writing();

/// Limits reading to where homes are. Since Linux 6.7 (version 4) it also refuses connect(2) and
/// bind(2) of a TCP socket.
class HomeFence {
 public:
  HomeFence();

  /// Permits reading beneath this directory. False if the kernel refuses the rule.
  bool permit(const common::Fd& directory) const;

  /// Puts the fence up permanently. Logs a line if that fails.
  void put_up() const;

  /// -1: no Landlock.
  int descriptor() const { return rules_.get(); }

 private:
  common::Fd rules_;  ///< Empty: no Landlock.
};

/// Permits reading beneath the directories that hold homes. A rule for a home alone would be about
/// the directory that is there now, not about one that is mounted or moved there later. If a home
/// is a link that root made, the place where the link leads is permitted. With --users that
/// directory is permitted.
///
/// A look at a directory on a dead file server doesn't end, and a process that looks can't be
/// killed. So each directory is looked at in a process of its own. If a directory doesn't answer
/// within two seconds, we leave it out, log a line, and tell the parent. When the directory answers
/// at last, the process ends as a child of the parent, which then reloads. If the way to a home is
/// closed to a process that looks, we log a line, too. Error: a line that says what is missing.
std::expected<void, std::string> permit_homes(const HomeFence& fence, const Roster& roster,
                                              const Control& control);

}  // namespace finger
