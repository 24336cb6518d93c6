#pragma once

#include "fixture.h"
#include "uring/condition.h"
#include "uring/send_then_receive.h"

namespace tests {

/// Counts what it is told.
class Exchange final : public uring::SendThenReceive {
 public:
  Exchange(Loop& loop, const common::Fd& fd, uring::Buffers& buffers)
      : SendThenReceive(loop, fd, buffers), sent(loop) {}
  ~Exchange() { cancel_and_wait(); }

  int answers_sent = 0;
  int exchanges = 0;
  uring::Condition sent;  ///< Is notified when an answer was.

 private:
  void output_sent() override {
    ++answers_sent;
    sent.notify_all();
  }
  void go_on() override { ++exchanges; }
};

}  // namespace tests
