#pragma once

#include <sys/types.h>

#include <map>
#include <mutex>
#include <string>

#include "common/fd.h"
#include "common/server/duration.h"

namespace finger {

/// Says which file system a path is on, as far as that can be told without asking the file system,
/// which may not answer: by the kernel's list of what is mounted. proc(5), mountinfo
///
/// Links are not seen: what one leads to counts as being where the link is.
class Mounts {
 public:
  /// Opens the list, which stays open: later it may not be permitted. Without /proc all is one file
  /// system.
  Mounts();

  /// For an absolute path. 0: not known. What is mounted now may be seen a second later. Any thread
  /// may call it.
  dev_t device_of(std::string path, common::Clock::time_point now);

 private:
  void read();

  const common::Fd list_;
  std::mutex mutex_;
  common::Clock::time_point asked_at_;    ///< Whether the list has changed.
  std::map<std::string, dev_t> devices_;  ///< By mount point.
};

}  // namespace finger
