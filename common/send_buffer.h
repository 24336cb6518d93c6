#pragma once

#include <cstddef>
#include <utility>

#include "common/byte_view.h"

namespace common {

/// A session's answers to the bytes of one receive, in memory that is reused for the next receive.
/// The first answers need no copy if their bytes stay in place.
class SendBuffer {
 public:
  SendBuffer() = default;
  SendBuffer(SendBuffer&& other) noexcept
      : storage_(std::move(other.storage_)), view_(std::exchange(other.view_, {})) {}
  SendBuffer& operator=(SendBuffer other) noexcept {
    std::swap(storage_, other.storage_);  // moves what view_ points to
    std::swap(view_, other.view_);
    return *this;
  }

  /// Appends a copy of `bytes`.
  void append(ByteView bytes);

  /// Appends bytes that stay in place until clear(), such as a constant's. Makes no copy of the
  /// first bytes, or of bytes that directly follow an earlier view in memory.
  void append_view(ByteView bytes) {
    if (empty()) {
      view_ = bytes;
    } else if (!owns_memory() && view_.data() + view_.size() == bytes.data()) {
      view_ = {view_.data(), view_.size() + bytes.size()};
    } else {
      append(bytes);
    }
  }

  /// All bytes; the view is good until the next change.
  ByteView view() const { return view_; }

  /// Whether view() is a copy that we own, rather than the bytes given to append_view().
  bool owns_memory() const { return !storage_.empty(); }

  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

  /// Empties the buffer. Keeps the memory for the next receive, unless it is large.
  void clear() {
    view_ = {};
    if (!storage_.empty()) clear_storage();
  }

 private:
  void clear_storage();

  static constexpr std::size_t kept_bytes_max = 65 * 1024;  // a message of 64 KiB fits

  Bytes storage_;
  ByteView view_;  ///< Points into storage_, or elsewhere while storage_ is empty.
};

}  // namespace common
