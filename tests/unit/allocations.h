#pragma once

#include <cstddef>

namespace tests {

/// What this program's operator new has handed out since the object was made, by all threads. Sizes
/// are those of the blocks that malloc really gave.
class Allocations {
 public:
  Allocations();

  std::size_t made() const;           ///< How many.
  std::ptrdiff_t held_bytes() const;  ///< In blocks that are not given back; less than 0: more was.
  std::ptrdiff_t peak_bytes() const;  ///< The most that was held at once.

 private:
  std::size_t made_before_;
  std::ptrdiff_t held_before_;
};

}  // namespace tests
