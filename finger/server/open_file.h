#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "common/byte_view.h"
#include "common/fd.h"
#include "finger/protocol/error.h"
#include "finger/server/conversation.h"
#include "finger/server/home.h"
#include "uring/task.h"

namespace finger {

/// The part of a file that is read as soon as it is open.
inline constexpr std::size_t beginning_bytes = 4 * 1024;

/// A file that is open, and what it begins with.
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

  /// A number of bytes, and whether the file ends with them.
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

}  // namespace finger
