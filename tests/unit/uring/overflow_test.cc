// More completions than the queue holds, and the kernel does not hand out the rest when asked once.

#include <dlfcn.h>
#include <liburing.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "fixture.h"
#include "uring/send_then_receive.h"

namespace {
int refusals = 0;
}

/// In place of liburing's.
extern "C" int io_uring_get_events(io_uring* ring) {
  if (refusals > 0) {
    --refusals;
    return -EAGAIN;
  }
  using Function = int (*)(io_uring*);
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "io_uring_get_events"))(ring);
}

namespace {

using namespace tests;
using uring::SendThenReceive;

class SentCounter final : public SendThenReceive {
 public:
  SentCounter(Loop& loop, const common::Fd& fd, uring::Buffers& buffers)
      : SendThenReceive(loop, fd, buffers) {}
  ~SentCounter() { cancel_and_wait(); }
  int answers_sent = 0;

 private:
  void output_sent() override { ++answers_sent; }
  void go_on() override {}
};

// A send without a completion has sent everything, but only when all completions have been seen.
TEST(UringOverflow, WhatWasNotSentIsNotTakenForSent) {
  const auto setup = uring::Setup::parse("entries=4,buffers=2");
  const auto owner = *Loop::create(*setup);
  Loop& loop = *owner;
  const auto body = [&loop]() -> Task<> {
    const auto buffers = *uring::Buffers::create(loop, 2, 64);
    std::vector<tests::Ends> ends;
    std::vector<std::unique_ptr<SentCounter>> exchanges;
    for (int i = 0; i < 20; ++i) {
      ends.push_back(tests::tcp_connection());
      (void)::shutdown(ends.back().server.get(), SHUT_WR);
    }
    for (const auto& each : ends) {
      exchanges.push_back(std::make_unique<SentCounter>(loop, each.server, *buffers));
      exchanges.back()->stage_and_report(bytes_of("too late"));
      exchanges.back()->start();
    }
    refusals = 1;
    for (const auto& each : exchanges) {
      while (each->in_flight()) (void)co_await loop.nop();
      EXPECT_EQ(each->answers_sent, 0);
      EXPECT_FALSE(each->unsent().empty());
    }
    EXPECT_EQ(refusals, 0) << "nothing ran over: this test tested nothing";
  };
  loop.run(body());
}

}  // namespace
