#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "common/fd.h"

namespace finger {

// What landlock(7) takes away from the calling thread for good, and from the threads that it
// starts, whatever other rights they have: the credentials of a plan's owner, registered with a
// ring by such a thread, are restricted, too. Needs PR_SET_NO_NEW_PRIVS. Where the kernel has no
// Landlock, or an older version, these functions take away nothing, or less.

/// Files are opened for reading only, and no program is executed. Before Linux 6.2 (version 3) a
/// file that may be read and written can still be emptied, by opening it with O_RDONLY | O_TRUNC.
/// From Linux 6.12 on (version 6) no abstract Unix socket is connected to another process's, and no
/// other process is signalled: but those that this one starts.
void confine();

/// Files are read only where homes are. From Linux 6.7 on (version 4) connect(2) and bind(2) of a
/// TCP socket are refused; MSG_FASTOPEN and Multipath TCP still connect one, as of 6.18. Rules are
/// added while the way to the homes is open, also by another process that has its descriptor
/// (Scout); it is put up when all else is read.
class HomeFence {
 public:
  /// Nothing may be read. put_up() forbids just that.
  HomeFence();

  /// Files may be read, and directories listed, beneath the directory that holds this one. So it
  /// may be replaced there, as Accounts::of_directory() will find it.
  static HomeFence of_directory(const std::string& users);

  /// Files may be read beneath the directory that holds this home, and no directory listed. The
  /// path is absolute and without links; what it leads to is asked.
  void permit_around(const std::filesystem::path& home) const;

  void put_up() const;

  /// -1: no Landlock.
  int descriptor() const { return rules_.get(); }

 private:
  void permit_around(const std::filesystem::path& home, std::uint64_t reading) const;
  bool permit(const std::filesystem::path& path, std::uint64_t reading) const;

  common::Fd rules_;  ///< Empty: no Landlock.
};

}  // namespace finger
