#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace load {

/// Counts durations in buckets that grow with their values, so each value, nanoseconds or minutes,
/// is known to within 1/128 of itself. Adding one costs a few instructions.
class Histogram {
 public:
  void add(std::uint64_t value) {
    ++counts_[index_of(value)];
    ++total_;
    largest_ = std::max(largest_, value);
  }

  /// The value that `share` of all values, such as 0.99, don't exceed. 0 if there are none.
  std::uint64_t quantile(double share) const {
    const double wanted = share * static_cast<double>(total_);
    std::uint64_t seen = 0;
    for (std::size_t index = 0; index < counts_.size(); ++index) {
      seen += counts_[index];
      if (seen > 0 && static_cast<double>(seen) >= wanted) {
        return std::min(upper_end(index), largest_);
      }
    }
    return largest_;
  }

  std::uint64_t total() const { return total_; }
  std::uint64_t largest() const { return largest_; }

 private:
  static constexpr int fine_bits = 7;
  static constexpr std::uint64_t fine = std::uint64_t{1} << fine_bits;

  /// Below 2 * fine every value has a bucket of its own; above, each power of two has `fine`.
  static std::size_t index_of(std::uint64_t value) {
    const int shift = std::max(static_cast<int>(std::bit_width(value)) - 1 - fine_bits, 0);
    return (static_cast<std::size_t>(shift) << fine_bits) + (value >> shift);
  }

  static std::uint64_t upper_end(std::size_t index) {
    const std::size_t shift = index < 2 * fine ? 0 : (index >> fine_bits) - 1;
    const std::uint64_t first = (index - (shift << fine_bits)) << shift;
    return first + (std::uint64_t{1} << shift) - 1;
  }

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>((64 - fine_bits + 1) * fine);
  std::uint64_t total_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace load
