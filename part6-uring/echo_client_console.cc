#include "echo_client_console.h"

#include <array>
#include <utility>

#include "common/escape.h"
#include "common/server/constants.h"

namespace stage {

uring::Task<common::Result<std::optional<std::string>>> Console::ask(std::string_view prompt,
                                                                     uring::Deadline& deadline,
                                                                     uring::Canceller& never_mind) {
  const bool prompted = interactive_ && !ended_;
  if (prompted) (void)co_await print(prompt);  // a failure will recur
  auto line = co_await next_line(deadline, never_mind);
  const bool no_line_end = !line || !*line || ended_;
  if (prompted && no_line_end)
    (void)co_await print("\n");  // or the next output would be on the same line
  co_return line;
}

uring::Task<common::Status> Console::print(std::string_view text) {
  const auto output = uring::Descriptor::borrowed(STDOUT_FILENO);
  while (!text.empty()) {
    const auto written = co_await loop_.write(output, std::as_bytes(std::span(text)));
    if (!written && written.error() == std::errc::interrupted) continue;
    if (!written) co_return std::unexpected(written.error());
    text.remove_prefix(*written);
  }
  co_return common::Status();
}

std::string Console::presentable(std::string_view bytes) const {
  return escapes_ ? common::escape(std::as_bytes(std::span(bytes))) : std::string(bytes);
}

// [next_line]
uring::Task<common::Result<std::optional<std::string>>> Console::next_line(
    uring::Deadline& deadline, uring::Canceller& never_mind) {
  std::size_t searched = 0;
  while (!ended_) {
    if (const auto end = rest_.find('\n', searched); end != std::string::npos) {
      auto line = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      co_return line;
    }
    searched = rest_.size();
    if (searched > line_bytes_max) co_return common::failure(common::Error::too_long);
    const auto got = co_await read(deadline, never_mind);
    if (!got) co_return std::unexpected(got.error());
    ended_ = *got == 0;
  }
  if (rest_.empty()) co_return std::nullopt;
  co_return std::exchange(rest_, {});
}
// [/next_line]

uring::Task<common::Result<std::size_t>> Console::read(uring::Deadline& deadline,
                                                       uring::Canceller& never_mind) {
  const auto input = uring::Descriptor::borrowed(STDIN_FILENO);
  std::array<std::byte, common::transient_buffer_bytes> buffer;
  while (true) {
    // At the position of the file, not at our own offset, because a shell may have read lines
    // before us.
    const auto got = co_await loop_.read(input, buffer).until(deadline).cancelled_by(never_mind);
    // A terminal stops a process that reads it from the background; after fg(1) we try again.
    if (!got && got.error() == std::errc::interrupted) continue;
    if (got) rest_.append(reinterpret_cast<const char*>(buffer.data()), *got);
    co_return got;
  }
}

}  // namespace stage
