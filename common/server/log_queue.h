#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace common {

/// A bounded queue of lines that can't be written yet. Lines that don't fit are counted, and a line
/// that says how many were lost comes before the next that fits.
class LogQueue {
 public:
  static constexpr std::size_t bytes_max = 64 * 1024;

  /// A pipe that is ready takes this many bytes in one write. pipe(7)
  static constexpr std::size_t piece_bytes_max = PIPE_BUF;

  /// Appends the line, cut to fit a piece, or counts the line as lost.
  void push(std::string_view line);

  /// The oldest lines, as many whole ones as fit a piece. The view is good until push() or pop().
  std::string_view front() const;

  /// Removes this many bytes of front(), which have been written.
  void pop(std::size_t bytes);

  bool empty() const { return waiting_.empty(); }
  std::size_t size_bytes() const { return waiting_.size(); }

 private:
  bool append(std::string_view line);

  std::string waiting_;
  std::uint64_t lost_ = 0;  ///< Lines lost that no line has reported yet.
};

}  // namespace common
