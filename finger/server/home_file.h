#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "common/byte_view.h"
#include "common/fd.h"
#include "finger/accounts/accounts.h"
#include "finger/protocol/error.h"
#include "uring/task.h"

namespace finger {

struct Context;
class Conversation;
class Home;

/// The files in a home that we show.
enum class FileKind { project, pubkey, plan };
inline constexpr std::array file_names{".project", ".pubkey", ".plan"};

/// Bytes of a file that are read as soon as it is open.
inline constexpr std::size_t beginning_bytes = 4 * 1024;

/// An open file and its first bytes.
class HomeFile {
 public:
  HomeFile(Context& context, Home& home, common::Fd file, std::uint64_t size)
      : context_(context), home_(home), file_(std::move(file)), size_(size) {}
  HomeFile(const HomeFile&) = delete;
  HomeFile& operator=(const HomeFile&) = delete;
  ~HomeFile() { close(); }

  /// Reads the first bytes, or a short file completely. Call this under the home's lock. Errors: of
  /// read().
  uring::Task<Status> begin(Conversation& conversation);
  common::ByteView beginning() const { return beginning_; }
  bool is_whole() const { return !file_; }  ///< Nothing follows beginning().

  /// A number of bytes, and whether the file ends with them.
  struct Piece {
    std::size_t bytes;
    bool is_last;
  };
  /// Reads at `offset`, in turn with other operations in the home. Errors: timed_out; home_timeout;
  /// of read(2); became_shorter, because the client would get a plan that the owner never wrote.
  uring::Task<Result<Piece>> read(Conversation& conversation, std::uint64_t offset,
                                  std::span<std::byte> to);

 private:
  uring::Task<Result<Piece>> read_locked(Conversation& conversation, std::uint64_t offset,
                                         std::span<std::byte> to);
  void close();

  Context& context_;
  Home& home_;
  common::Fd file_;
  const std::uint64_t size_;
  std::unique_ptr<std::byte[]> buffer_;
  common::ByteView beginning_;  ///< Points into buffer_.
};

using SharedFile = std::shared_ptr<HomeFile>;  ///< Shared by clients that ask together.

/// Finds a user's file, opens it with the owner's rights, and reads the first bytes. Call this
/// under the home's lock. Errors: of openat2(2) and statx(2); home_refused, no_owner; not_regular;
/// symbolic_link; EXDEV for a mount point; empty_plan; of HomeFile::read().
uring::Task<Result<SharedFile>> open_home_file(Conversation& conversation, Home& home,
                                               const Account& account, FileKind kind);

}  // namespace finger
