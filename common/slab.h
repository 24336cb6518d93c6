#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "common/token.h"

namespace common {

/// Objects that are found by token in constant time, in slots that are used again. Each use of a
/// slot has its own generation, so a token that outlives its object finds nothing. Objects never
/// move; memory grows with the most that were ever here at once, and the slot that was freed last,
/// whose memory is still warm, is filled first.
template <typename T>
class Slab {
 public:
  /// Makes an object from `arguments`; returns its token.
  template <typename... Arguments>
  Token emplace(Arguments&&... arguments) {
    if (free_.empty()) {
      free_.push_back(slots_.size());
      slots_.emplace_back();
    }
    const std::size_t number = free_.back();
    Slot& slot = slots_[number];
    slot.object.emplace(std::forward<Arguments>(arguments)...);
    slot.token = Token(Token::Kind::connection, number, slot.generation);
    free_.pop_back();
    ++size_;
    return slot.token;
  }

  /// The object, or nullptr if it is gone, whoever has its slot now.
  T* find(Token token) {
    if (token.slot() >= slots_.size()) return nullptr;
    Slot& slot = slots_[token.slot()];
    return slot.object && slot.token == token ? &*slot.object : nullptr;
  }

  void erase(Token token) {
    assert(find(token) != nullptr);
    Slot& slot = slots_[token.slot()];
    slot.object.reset();
    ++slot.generation;
    free_.push_back(token.slot());
    --size_;
  }

  std::size_t size() const { return size_; }

  /// Calls visit(token, object) for each. It may erase the object it is called with, and no other.
  template <typename Visit>
  void for_each(Visit visit) {
    for (Slot& slot : slots_) {
      if (slot.object) visit(slot.token, *slot.object);
    }
  }

 private:
  struct Slot {
    std::optional<T> object;
    Token token;
    std::uint64_t generation = 0;
  };
  std::deque<Slot> slots_;
  std::vector<std::size_t> free_;
  std::size_t size_ = 0;
};

}  // namespace common
