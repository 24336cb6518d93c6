#pragma once

#include <cstddef>

#include "common/frame_reader.h"

namespace common {

/// What a session answers in one turn. Where the answer is what was received, a view of that will
/// do: a message that is echoed is not copied. The rest is copied into memory that is kept for the
/// next turn.
class Answers {
 public:
  /// Copies `bytes` behind what is there.
  void append(ByteView bytes);

  /// Answers with bytes that stay until the answers are sent or cleared, as received ones do.
  void pass_on(ByteView bytes) {
    if (!empty()) return pass_on_more(bytes);
    lent_ = bytes;
  }

  /// All of it, good until the next change.
  ByteView view() const { return own_.empty() ? lent_ : ByteView(own_); }

  /// Whether what is in view() is a copy, good until clear(), and nobody else's bytes.
  bool has_own_memory() const { return !own_.empty(); }

  std::size_t size() const { return view().size(); }
  bool empty() const { return view().empty(); }

  /// Keeps memory for the next turn, but not that of a large message.
  void clear() {
    lent_ = {};
    if (!own_.empty()) clear_own();
  }

 private:
  void pass_on_more(ByteView bytes);
  void clear_own();

  static constexpr std::size_t kept_bytes_max = 64 * 1024;

  Bytes own_;
  ByteView lent_;  ///< Only while own_ is empty.
};

}  // namespace common
