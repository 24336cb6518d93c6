#pragma once

#include <cstddef>
#include <utility>

#include "common/bytes.h"

namespace common {

/// What a session answers in one turn. Where the answer is what was received, a view of that will
/// do: a message that is echoed is not copied. The rest is copied into memory that is kept for the
/// next turn.
class SendBuffer {
 public:
  SendBuffer() = default;
  SendBuffer(SendBuffer&& other) noexcept
      : storage_(std::move(other.storage_)), view_(std::exchange(other.view_, {})) {}
  SendBuffer& operator=(SendBuffer other) noexcept {
    std::swap(storage_, other.storage_);  // and with it goes what view_ points to
    std::swap(view_, other.view_);
    return *this;
  }

  /// Copies `bytes` behind what is there.
  void append(ByteView bytes);

  /// SendBuffer with bytes that stay until the answers are sent or cleared, as received ones do.
  void append_view(ByteView bytes) {
    if (!empty()) return append_further_view(bytes);
    view_ = bytes;
  }

  /// All of it, good until the next change.
  ByteView view() const { return view_; }

  /// Whether what is in view() is a copy, good until clear(), and nobody else's bytes.
  bool owns_memory() const { return !storage_.empty(); }

  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

  /// Keeps memory for the next turn, but not that of a large message.
  void clear() {
    view_ = {};
    if (!storage_.empty()) clear_storage();
  }

 private:
  void append_further_view(ByteView bytes);
  void clear_storage();

  static constexpr std::size_t kept_bytes_max = 64 * 1024;

  Bytes storage_;
  ByteView view_;  ///< Bytes that were passed on while storage_ is empty, else storage_.
};

}  // namespace common
