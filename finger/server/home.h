#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>

#include "common/server/duration.h"
#include "finger/protocol/error.h"
#include "finger/server/open_file.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/time/deadline.h"

namespace finger {

/// Why an operation in a home ends at the deadline: home_timeout if it has been under way for so
/// long that it may be to blame, else uring's timed_out.
std::unexpected<std::error_code> timed_out_since(common::Clock::time_point begun_at);

/// A user's home while clients ask for what is in it: a mutex, for one operation at a time however
/// many ask. What its holder has loaded, it shares with those that wait.
///
/// A file system that waits for another machine or process (NFS, FUSE) may never answer, and then
/// an operation on it keeps one of the kernel's threads: the deadline frees the client, and not the
/// thread. So a home that hangs keeps one, and holds up no client but those that ask for its user.
class Home {
 public:
  explicit Home(uring::Loop& loop) : unlocked_(loop) {}

  struct Release {
    void operator()(Home* home) const { home->unlock(); }
  };
  /// While it exists, an operation in the home may begin.
  using Lock = std::unique_ptr<Home, Release>;

  /// Waits until no other conversation holds it. Errors: those of timed_out_since().
  uring::Task<Result<Lock>> lock(uring::Deadline& deadline);

  /// What `load` finds, called under the lock. The conversations that had to wait share what one of
  /// them has loaded since they asked: no client gets a file that is older than its question.
  /// Errors: of lock(); of `load`.
  uring::Task<Result<SharedFile>> load_or_share(
      FileKind kind, uring::Deadline& deadline,
      std::function<uring::Task<Result<SharedFile>>()> load);

 private:
  struct Loaded {
    std::uint64_t number;  ///< The load's.
    Result<SharedFile> file;
  };
  void unlock();

  bool is_locked_ = false;
  uring::Condition unlocked_;
  std::uint64_t loads_begun_ = 0;
  /// What was loaded last, by kind, while conversations wait that may share it.
  std::array<std::optional<Loaded>, file_names.size()> last_;
};

}  // namespace finger
