#pragma once

#include <cstddef>

namespace tests {

/// Counts the calls of malloc(3) and realloc(3) that this program makes, operator new's included,
/// in all threads, after the object was made. Calls inside shared libraries aren't counted. Sizes
/// are those of the blocks that malloc really returned.
class Allocations {
 public:
  Allocations();

  std::size_t made() const;  ///< The number of allocations. One that grows counts again.
  /// In blocks that weren't freed; negative if more were freed than made.
  std::ptrdiff_t held_bytes() const;
  std::ptrdiff_t peak_bytes() const;  ///< The most bytes that were held at a time.

 private:
  std::size_t made_before_;
  std::ptrdiff_t held_before_;
};

}  // namespace tests
