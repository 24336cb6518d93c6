#include "uring/trace.h"

#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include "common/fd.h"

namespace uring {
namespace {

/// Whether `entry.fd` is a descriptor. Operations without one put something else there, or nothing.
bool has_descriptor(const io_uring_sqe& entry) {
  switch (entry.opcode) {
    case IORING_OP_PROVIDE_BUFFERS:
    case IORING_OP_REMOVE_BUFFERS:
    case IORING_OP_SOCKET:
    case IORING_OP_GETXATTR:
    case IORING_OP_SETXATTR:
      return false;
    default:
      return entry.fd >= 0;
  }
}

}  // namespace

Result<std::unique_ptr<Trace>> Trace::create(const char* file) {
  // Without O_NONBLOCK, the open of a FIFO waits until somebody reads it. Writing may wait.
  common::Fd opened(::open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666));
  if (!opened || ::fcntl(opened.get(), F_SETFL, 0) < 0) return common::last_error();
  std::FILE* const stream = ::fdopen(opened.get(), "w");
  if (stream == nullptr) return common::last_error();
  (void)opened.release();  // the stream closes it
  return std::unique_ptr<Trace>(new Trace(stream));
}

Trace::~Trace() {
  std::fprintf(file_, "%s]\n", separator_[0] == '[' ? "[\n" : "\n");
  (void)std::fclose(file_);  // if writing failed, the trace ends early, no more
}

/// One event; `format` prints its "args". An operation's number keeps its events together: b is the
/// beginning of a span, n a mark in it, e its end.
template <typename... Arguments>
void Trace::write(char phase, Id operation, const char* format, Arguments... arguments) {
  const std::chrono::duration<double, std::micro> now = std::chrono::steady_clock::now() - start_;
  std::fprintf(file_,
               "%s{\"ph\":\"%c\",\"cat\":\"operation\",\"id\":%u,\"name\":\"%s\",\"pid\":%d,"
               "\"tid\":%d,\"ts\":%.3f,\"args\":{",
               separator_, phase, operation.number, operation.what, ::getpid(), ::gettid(),
               now.count());
  std::fprintf(file_, format, arguments...);
  std::fputs("}}", file_);
  separator_ = ",\n";
}

std::uint32_t Trace::begun(const char* what, const io_uring_sqe& entry) {
  const Id operation{.number = ++operations_, .what = what};
  if (!has_descriptor(entry)) {
    write('b', operation, "%s", "");
  } else {
    write('b', operation, "\"fd\":%d", entry.fd);
  }
  return operation.number;
}

void Trace::ended(Id operation, int result) { write('e', operation, "\"result\":%d", result); }

void Trace::cancel_asked(Id operation) { write('n', operation, "\"asked\":\"%s\"", "cancel"); }

}  // namespace uring
