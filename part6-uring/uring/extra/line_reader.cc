#include "uring/extra/line_reader.h"

#include <algorithm>
#include <span>
#include <system_error>

namespace uring {

Task<Result<std::optional<std::string_view>>> LineReader::next() {
  while (true) {
    if (const auto line = take_line()) co_return line;
    if (ended_) co_return std::nullopt;
    std::copy(buffer_.begin() + begin_, buffer_.begin() + end_, buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    const auto room = std::span(buffer_).subspan(end_);
    if (room.empty()) co_return std::unexpected(make_error_code(std::errc::message_size));
    const auto got = co_await loop_.read(fd_, std::as_writable_bytes(room));
    if (!got) co_return std::unexpected(got.error());
    end_ += *got;
    ended_ = *got == 0;
  }
}

std::optional<std::string_view> LineReader::take_line() {
  const std::string_view unread(buffer_.data() + begin_, end_ - begin_);
  const std::size_t size = unread.find('\n');
  if (size == unread.npos && (!ended_ || unread.empty())) return std::nullopt;
  const auto line = unread.substr(0, size);
  begin_ += std::min(line.size() + 1, unread.size());
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

}  // namespace uring
