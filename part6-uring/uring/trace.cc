#include "uring/trace.h"

#include <unistd.h>

#include "uring/operation.h"

namespace uring {

Result<std::unique_ptr<Trace>> Trace::create(const char* file) {
  std::FILE* opened = std::fopen(file, "we");
  if (opened == nullptr) return common::last_error();
  return std::unique_ptr<Trace>(new Trace(opened));
}

Trace::~Trace() {
  std::fprintf(file_, "%s]\n", separator_[0] == '[' ? "[\n" : "\n");
  (void)std::fclose(file_);  // a trace that could not be written in full ends early, no more
}

/// One event; `format` prints its "args". An operation's number keeps its events together: b is the
/// beginning of a span, n a mark in it, e its end.
template <typename... Arguments>
void Trace::write(char phase, const Operation& operation, const char* format,
                  Arguments... arguments) {
  const std::chrono::duration<double, std::micro> now = common::Clock::now() - start_;
  std::fprintf(file_,
               "%s{\"ph\":\"%c\",\"cat\":\"operation\",\"id\":%u,\"name\":\"%s\",\"pid\":%d,"
               "\"tid\":%d,\"ts\":%.3f,\"args\":{",
               separator_, phase, operation.number(), operation.what(), ::getpid(), ::gettid(),
               now.count());
  std::fprintf(file_, format, arguments...);
  std::fputs("}}", file_);
  separator_ = ",\n";
}

void Trace::begun(const Operation& operation) { write('b', operation, "%s", ""); }

void Trace::ended(const Operation& operation, int result) {
  write('e', operation, "\"result\":%d", result);
}

void Trace::cancel_asked(const Operation& operation) {
  write('n', operation, "\"asked\":\"%s\"", "cancel");
}

void Trace::linked(const Operation& first, const Operation& second) {
  write('n', second, "\"linked_behind\":%u", first.number());
}

}  // namespace uring
