#include "ring_server/background.h"

#include <sys/eventfd.h>

#include <chrono>

#include "fixture.h"

namespace {

using namespace tests;
using ring_server::Background;
using uring::Status;

Task<Status> fail_soon(uring::Loop& loop) {
  (void)co_await loop.sleep(1ms);
  co_return std::unexpected(std::make_error_code(std::errc::io_error));
}

TEST_F(Uring, ABackgroundTaskThatFailsIsNoticed) {
  const common::Fd wake(::eventfd(0, EFD_CLOEXEC));
  Background background(loop, wake);
  run([&]() -> Task<> {
    uring::Scope scope(loop);
    background.spawn(scope, fail_soon(loop));
    EXPECT_FALSE(background.fault());
    while (!background.fault()) (void)co_await background.change();
    EXPECT_EQ(background.fault(), std::errc::io_error);
    co_await scope.join();
  });
}

TEST_F(Uring, ABackgroundTaskThatIsCancelledHasNotFailed) {
  const common::Fd wake(::eventfd(0, EFD_CLOEXEC));
  Background background(loop, wake);
  run([&]() -> Task<> {
    uring::Scope scope(loop);
    background.spawn(scope, background.watch_eventfd());
    (void)::eventfd_write(wake.get(), 1);
    const auto woken = co_await background.change();
    EXPECT_TRUE(woken.has_value());
    scope.cancel();
    co_await scope.join();
    EXPECT_FALSE(background.fault());
  });
}

}  // namespace
