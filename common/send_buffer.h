#pragma once

#include <cstddef>
#include <utility>

#include "common/buffer.h"
#include "common/byte_view.h"

namespace common {

/// Bytes to send: a session's answers, and then what the kernel hasn't taken of them. They are a
/// view as long as they lie in one place in memory that others own, such as the receive buffer, and
/// otherwise our own. Empty, it has no memory.
class SendBuffer {
 public:
  SendBuffer() = default;
  SendBuffer(SendBuffer&& other) noexcept
      : owned_(std::move(other.owned_)), view_(std::exchange(other.view_, {})) {}
  SendBuffer& operator=(SendBuffer other) noexcept {
    std::swap(owned_, other.owned_);  // moves what view_ points to
    std::swap(view_, other.view_);
    return *this;
  }

  /// Appends a copy of `bytes`.
  void append(ByteView bytes);

  /// Appends bytes that we own from now on, without a copy if they are the first.
  void append_owned(Buffer bytes);

  /// Appends bytes that stay in place until they are sent or copied by own(). Makes no copy of the
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

  /// Whether view() is our own, rather than the bytes given to append_view().
  bool owns_memory() const { return !owned_.empty(); }

  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

  /// Takes the first `size` bytes off, which are sent. The memory is freed with the last byte.
  void drop_front(std::size_t size) {
    view_ = view_.subspan(size);
    if (owns_memory()) owned_.drop_front(size);
  }

  /// Copies the bytes unless they are our own, so that they outlive the memory of append_view().
  void own() {
    if (owns_memory()) return;
    owned_ = Buffer(view_);
    view_ = owned_;
  }

  /// Empties the buffer, and frees its memory.
  void clear() { drop_front(size()); }

 private:
  Buffer owned_;
  ByteView view_;  ///< Of owned_, or of bytes elsewhere while that is empty.
};

}  // namespace common
