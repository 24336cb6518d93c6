#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/loop/token.h"
#include "common/server/options.h"

namespace common {

/// Objects that are found by token in constant time, in slots that are reused. Each use of a slot
/// has a generation, so a token that outlives the object finds nothing. Objects never move. Memory
/// grows with the largest number of objects at any one time, and the slot that was freed last is
/// filled first, because that memory is still in the cache.
template <typename T>
class Slab {
 public:
  /// Makes an object from `arguments`. Returns the token.
  template <typename... Arguments>
  Token emplace(Arguments&&... arguments) {
    if (free_.empty()) add_chunk();
    const std::size_t number = free_.back();
    Slot& slot = slot_at(number);
    slot.object.emplace(std::forward<Arguments>(arguments)...);
    free_.pop_back();
    ++size_;
    return slot.token;
  }

  /// The object, or nullptr if the object is gone, even if the slot is in use again.
  T* find(Token token) {
    if (token.slot() >= chunks_.size() * chunk_slots) return nullptr;
    Slot& slot = slot_at(token.slot());
    return slot.object && slot.token == token ? &*slot.object : nullptr;
  }

  void erase(Token token) {
    assert(find(token) != nullptr);
    Slot& slot = slot_at(token.slot());
    slot.object.reset();
    slot.token = slot.token.for_next_use();
    free_.push_back(token.slot());
    --size_;
  }

  std::size_t size() const { return size_; }

  /// Calls visit(token, object) for each object. `visit` may erase that object, and no other.
  template <typename Visit>
  void for_each(Visit visit) {
    for (const auto& chunk : chunks_) {
      for (Slot& slot : *chunk) {
        if (slot.object) visit(slot.token, *slot.object);
      }
    }
  }

 private:
  static constexpr std::size_t chunk_slots = 64;  // a power of two, so a shift finds the chunk
  static_assert(max_connections_limit < std::uint64_t{1} << Token::slot_bits);

  struct Slot {
    std::optional<T> object;
    Token token;  ///< Of this object, or of the next one here.
  };
  using Chunk = std::array<Slot, chunk_slots>;

  Slot& slot_at(std::size_t number) {
    return (*chunks_[number / chunk_slots])[number % chunk_slots];
  }

  void add_chunk() {
    chunks_.push_back(std::make_unique<Chunk>());
    const std::size_t end = chunks_.size() * chunk_slots;
    for (std::size_t after = end; after > end - chunk_slots; --after) {
      const std::size_t number = after - 1;
      slot_at(number).token = Token(Token::Kind::connection, number);
      free_.push_back(number);  // the first of them will be taken first
    }
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::size_t> free_;
  std::size_t size_ = 0;
};

}  // namespace common
