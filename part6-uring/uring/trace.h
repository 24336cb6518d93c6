#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "uring/error.h"

struct io_uring_sqe;

namespace uring {

/// Writes the life of every operation as Chrome trace events, which https://ui.perfetto.dev and
/// chrome://tracing show: a span from submission to the last completion, with the descriptor, and a
/// mark for each cancel request. For looking at a loop, not for production, because the loop's
/// thread writes a full buffer to the file.
class Trace {
 public:
  /// Errors: of open(2), ENXIO among them for a FIFO that nobody reads.
  static Result<std::unique_ptr<Trace>> create(const char* file);
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  ~Trace();

  /// An operation in the trace, equal in all its events.
  struct Id {
    std::uint32_t number;
    const char* what;
  };

  /// Returns the number of the new operation. `entry` is its request.
  std::uint32_t begun(const char* what, const io_uring_sqe& entry);
  void ended(Id operation, int result);
  void cancel_asked(Id operation);

 private:
  explicit Trace(std::FILE* file) : file_(file) {}
  template <typename... Arguments>
  void write(char phase, Id operation, const char* format, Arguments... arguments);

  std::FILE* file_;
  const char* separator_ = "[\n";
  std::uint32_t operations_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace uring
