#pragma once

#include <cstddef>
#include <utility>

#include "common/byte_view.h"

namespace common {

/// The answers of a session to the bytes of one receive, in memory that is kept for the next
/// receive. A first answer whose bytes stay where they are need not be copied there.
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

  /// Appends a copy of `bytes`.
  void append(ByteView bytes);

  /// Appends bytes that stay where they are until clear(), as those of a constant do: no copy if
  /// they are the first, or come right after those that are there.
  void append_view(ByteView bytes) {
    if (empty()) {
      view_ = bytes;
    } else if (!owns_memory() && view_.data() + view_.size() == bytes.data()) {
      view_ = {view_.data(), view_.size() + bytes.size()};
    } else {
      append(bytes);
    }
  }

  /// All of it, good until the next change.
  ByteView view() const { return view_; }

  /// Whether view() is a copy, good until clear(), and not the bytes that append_view() was given.
  bool owns_memory() const { return !storage_.empty(); }

  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

  /// Keeps memory for the next receive, but not that of a large message.
  void clear() {
    view_ = {};
    if (!storage_.empty()) clear_storage();
  }

 private:
  void clear_storage();

  static constexpr std::size_t kept_bytes_max = 65 * 1024;  // more than a message of 64 KiB takes

  Bytes storage_;
  ByteView view_;  ///< Shows storage_, or bytes elsewhere while that is empty.
};

}  // namespace common
