#pragma once

#include <chrono>
#include <memory>

#include "common/fd.h"
#include "common/result.h"
#include "uring/loop.h"
#include "uring/task.h"

namespace stage {

/// Writes the log through a ring, so that no loop waits for what is at the other end of stderr: a
/// terminal, a pipe, a disk. While it exists, the lines of all threads go into the queue of
/// common/server/log.h. There is one at a time.
class LogWriter {
 public:
  /// Error: of eventfd(2).
  static common::Result<std::unique_ptr<LogWriter>> create();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// common::log() writes again, also what is still in the queue.
  ~LogWriter();

  /// Waits until the lines that there are have been written, but no longer than `limit`. For
  /// another thread than that of the loop, before it ends the process.
  static void wait_until_written(std::chrono::milliseconds limit);

  /// Runs `work`, and writes what is logged meanwhile: as many lines in one write as there are.
  /// Returns what `work` returns, and not before a write that was under way has been counted.
  uring::Task<common::Status> write_during(uring::Loop& loop, uring::Task<common::Status> work);

 private:
  explicit LogWriter(common::Fd line_came);
  uring::Task<> write_lines(uring::Loop& loop);

  common::Fd line_came_;  ///< An eventfd: any thread may log, only one submits to the ring.
};

}  // namespace stage
