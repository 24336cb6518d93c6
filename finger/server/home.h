#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "common/byte_view.h"
#include "common/fd.h"
#include "finger/protocol/error.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/time/deadline.h"

namespace finger {

/// What of a home is shown.
enum class FileKind { project, pubkey, plan };
inline constexpr std::array file_names{".project", ".pubkey", ".plan"};

class Conversation;
class Home;
struct Context;

/// A file that is open, and what it begins with. The clients that asked for it together share it.
class OpenFile {
 public:
  OpenFile(Context& context, Home& home, common::Fd file, std::uint64_t size)
      : context_(context), home_(home), file_(std::move(file)), size_(size) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { close(); }

  /// Reads the first bytes; of a file that is no longer than those, all. Errors: of read().
  uring::Task<Status> begin(Conversation& conversation);
  common::ByteView beginning() const { return beginning_; }
  bool is_whole() const { return !file_; }  ///< There is nothing after its beginning.

  /// So many bytes, and whether the file ends with them.
  struct Piece {
    std::size_t bytes;
    bool is_last;
  };
  /// Errors: timed_out; of read(2); became_shorter: what a client has would be no plan that its
  /// owner ever wrote.
  uring::Task<Result<Piece>> read(Conversation& conversation, std::uint64_t offset,
                                  std::span<std::byte> to);

 private:
  void close();

  Context& context_;
  Home& home_;
  common::Fd file_;
  const std::uint64_t size_;
  std::unique_ptr<std::byte[]> buffer_;
  common::ByteView beginning_;  ///< In the buffer.
};
using SharedFile = std::shared_ptr<OpenFile>;

/// So much of a file is read as soon as it is open.
inline constexpr std::size_t beginning_bytes = 4 * 1024;

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

  /// Waits until no other conversation holds it. Error: home_timeout.
  uring::Task<Result<Lock>> lock(uring::Deadline& deadline);

  /// What `load` finds, called under the lock. The conversations that had to wait share what one of
  /// them has loaded since they asked: no client gets a file that is older than its question.
  /// Errors: home_timeout; of `load`.
  uring::Task<Result<SharedFile>> load_or_share(
      FileKind kind, uring::Deadline& deadline,
      std::function<uring::Task<Result<SharedFile>>()> load);

 private:
  struct Loaded {
    std::uint64_t number;  ///< Of the load.
    Result<SharedFile> file;
  };
  void unlock();

  bool is_locked_ = false;
  uring::Condition unlocked_;
  std::uint64_t loads_begun_ = 0;
  /// By kind, while conversations wait that may share it.
  std::array<std::optional<Loaded>, file_names.size()> last_;
};

}  // namespace finger
