#include "common/server/log_queue.h"

#include <fmt/format.h>

#include <cassert>

namespace common {

void LogQueue::push(std::string_view line) {
  // Nothing else goes in before the line that reports a loss, or that line would come too late.
  if (lost_ > 0 || !append(line)) ++lost_;
}

std::string_view LogQueue::front() const {
  const auto piece = std::string_view(waiting_).substr(0, piece_bytes_max);
  assert(piece.empty() || piece.contains('\n'));  // no line is longer
  return piece.substr(0, piece.rfind('\n') + 1);
}

void LogQueue::pop(std::size_t bytes) {
  waiting_.erase(0, bytes);
  if (lost_ > 0 && append(fmt::format("(lines lost because nobody reads stderr: {})", lost_)))
    lost_ = 0;
  if (waiting_.empty()) waiting_.shrink_to_fit();
}

bool LogQueue::append(std::string_view line) {
  constexpr std::string_view cut_mark = " ...";
  const bool fits_a_piece = line.size() < piece_bytes_max;
  const auto kept = fits_a_piece ? line : line.substr(0, piece_bytes_max - 1 - cut_mark.size());
  const auto end = fits_a_piece ? std::string_view() : cut_mark;
  if (waiting_.size() + kept.size() + end.size() + 1 > bytes_max) return false;
  waiting_ += fmt::format("{}{}\n", kept, end);
  return true;
}

}  // namespace common
