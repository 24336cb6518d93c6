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
#include "finger/server/home_file.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/time/deadline.h"

namespace finger {

/// The error of an operation in a home at the deadline: home_timeout if the operation has run for
/// so long that the home may be to blame, else uring's timed_out.
std::unexpected<std::error_code> timed_out_since(common::Clock::time_point begun_at);

/// A mutex for a user's home: one operation at a time, however many clients ask. Its holder shares
/// loaded files with the conversations that wait.
///
/// A file system that waits for another machine or process (NFS, FUSE) may never answer, and then
/// an operation on it occupies an io worker, a thread of the kernel's, forever. The deadline frees
/// the client, but not the io worker. With one operation at a time, a home that hangs occupies only
/// one, and holds up only the clients that ask for its user.
class Home {
 public:
  explicit Home(uring::Loop& loop) : unlocked_(loop) {}

  struct Release {
    void operator()(Home* home) const { home->unlock(); }
  };
  /// Permits its holder to begin operations in the home.
  using Lock = std::unique_ptr<Home, Release>;

  /// Waits until no other conversation holds the lock. Errors: those of timed_out_since().
  uring::Task<Result<Lock>> lock(uring::Deadline& deadline);

  /// Calls `load` under the lock and returns the result. Conversations that had to wait share a
  /// result that was loaded since they asked, so no client gets a file that is older than the
  /// question. Errors: of lock(); of `load`.
  uring::Task<Result<SharedFile>> load_or_share(
      FileKind kind, uring::Deadline& deadline,
      std::function<uring::Task<Result<SharedFile>>()> load);

 private:
  struct Loaded {
    std::uint64_t number;  ///< Number of the load.
    Result<SharedFile> file;
  };
  void unlock();

  bool is_locked_ = false;
  uring::Condition unlocked_;
  std::uint64_t loads_begun_ = 0;
  /// The last results by kind, kept while conversations that may share them are waiting.
  std::array<std::optional<Loaded>, file_names.size()> last_;
};

}  // namespace finger
