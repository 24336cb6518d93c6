#include "log_writer.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>
#include <thread>
#include <utility>

#include "common/server/log.h"
#include "common/server/log_queue.h"
#include "uring/scope.h"

namespace stage {
namespace {

/// To a terminal whose buffer is full, Linux 6.18 waits inside io_uring_enter(2), and the loop with
/// it: there a thread of the kernel's has to write.
uring::Task<uring::Result<std::size_t>> write_to_stderr(uring::Loop& loop, uring::ConstBytes lines,
                                                        bool to_terminal) {
  const auto standard_error = uring::Descriptor::borrowed(STDERR_FILENO);
  if (to_terminal) co_return co_await loop.write(standard_error, lines).async();
  co_return co_await loop.write(standard_error, lines);
}

}  // namespace

common::Result<std::unique_ptr<LogWriter>> LogWriter::create() {
  common::Fd line_came(::eventfd(0, EFD_CLOEXEC));
  if (!line_came) return common::last_error();
  return std::unique_ptr<LogWriter>(new LogWriter(std::move(line_came)));
}

LogWriter::LogWriter(common::Fd line_came) : line_came_(std::move(line_came)) {
  common::set_log_writer([this] { (void)::eventfd_write(line_came_.get(), 1); });  // cannot fail
}

LogWriter::~LogWriter() { common::set_log_writer(nullptr); }

void LogWriter::wait_until_written(std::chrono::milliseconds limit) {
  std::array<char, common::LogQueue::piece_bytes_max> lines;
  const auto end = uring::Clock::now() + limit;
  while (common::copy_log_lines(lines) > 0 && uring::Clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

uring::Task<common::Status> LogWriter::write_during(uring::Loop& loop,
                                                    uring::Task<common::Status> work) {
  uring::Scope writing(loop);
  writing.spawn(write_lines(loop));
  const auto outcome = co_await std::move(work);
  // ~Scope() would drop the result of a write with its coroutine, and ~LogWriter() write the same
  // lines again.
  writing.cancel();
  co_await writing.join();
  co_return outcome;
}

/// Writes what is logged until its scope is cancelled.
uring::Task<> LogWriter::write_lines(uring::Loop& loop) {
  const bool to_terminal = ::isatty(STDERR_FILENO) == 1;
  std::array<char, common::LogQueue::piece_bytes_max> lines;
  std::uint64_t came = 0;
  while (true) {
    if (const std::size_t size = common::copy_log_lines(lines); size > 0) {
      const auto bytes = std::as_bytes(std::span(lines).first(size));
      const auto written = co_await write_to_stderr(loop, bytes, to_terminal);
      if (written) {
        common::log_lines_written(*written);
        continue;
      }
      // They stay in the queue. A full disk may have room again one day.
    }
    const auto woken = co_await loop.read(line_came_, std::as_writable_bytes(std::span(&came, 1)));
    if (!woken) co_return;  // cancelled
  }
}

}  // namespace stage
