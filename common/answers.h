#pragma once

#include <cstddef>
#include <utility>

#include "common/frame_reader.h"

namespace common {

/// What a session answers in one turn. Where the answer is what was received, a view of that will
/// do: a message that is echoed is not copied. The rest is copied into memory that is kept for the
/// next turn.
class Answers {
 public:
  Answers() = default;
  Answers(Answers&& other) noexcept
      : own_(std::move(other.own_)), all_(std::exchange(other.all_, {})) {}
  Answers& operator=(Answers other) noexcept {
    std::swap(own_, other.own_);  // and with it goes what all_ points to
    std::swap(all_, other.all_);
    return *this;
  }

  /// Copies `bytes` behind what is there.
  void append(ByteView bytes);

  /// Answers with bytes that stay until the answers are sent or cleared, as received ones do.
  void pass_on(ByteView bytes) {
    if (!empty()) return pass_on_more(bytes);
    all_ = bytes;
  }

  /// All of it, good until the next change.
  ByteView view() const { return all_; }

  /// Whether what is in view() is a copy, good until clear(), and nobody else's bytes.
  bool has_own_memory() const { return !own_.empty(); }

  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }

  /// Keeps memory for the next turn, but not that of a large message.
  void clear() {
    all_ = {};
    if (!own_.empty()) clear_own();
  }

 private:
  void pass_on_more(ByteView bytes);
  void clear_own();

  static constexpr std::size_t kept_bytes_max = 64 * 1024;

  Bytes own_;
  ByteView all_;  ///< Bytes that were passed on while own_ is empty, else own_.
};

}  // namespace common
