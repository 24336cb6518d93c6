// New connections and the permits for them, and tasks that run beside them.

#include "acceptor.h"

#include <sys/eventfd.h>

#include <chrono>
#include <optional>
#include <utility>

#include "../closed_first.h"
#include "common/net/accept.h"
#include "common/server/constants.h"
#include "fixture.h"
#include "no_more_descriptors.h"
#include "uring/scope.h"

namespace {

using namespace tests;
using common::Fd;
using stage::Acceptor;
using stage::Background;
using uring::Status;

using NewConnection = std::optional<Result<stage::Admitted>>;

struct Queue {
  Fd listener = *common::listen_on(tests::on_free_port(), common::SocketMode::nonblocking);
  Fd wake{::eventfd(0, EFD_CLOEXEC)};

  Fd add_client() const { return tests::connect_to(*common::Address::of_socket(listener)); }
};

CO_TEST_F(Uring, AConnectionWithoutAPermitIsAcceptedWhenThereIsOne) {
  const Queue queue;
  common::ConnectionLimit limit(1);
  Background background(loop, queue.wake);
  Acceptor acceptor(loop, queue.listener, limit, background);
  const Fd one = queue.add_client();
  const Fd another = queue.add_client();
  auto first = co_await acceptor.next();
  EXPECT_THAT(first, Succeeded());

  NewConnection second;
  uring::Scope scope(loop);
  scope.spawn(keep_result(acceptor.next(), second));
  (void)co_await loop.sleep(1ms);
  EXPECT_FALSE(second);
  first->permit = common::Permit();

  uring::Scope watching(loop);
  background.spawn(watching, background.watch_eventfd());
  co_await scope.join();
  EXPECT_THAT(*second, Succeeded());
  watching.cancel();
  co_await watching.join();
}

CO_TEST_F(Uring, AnAdmittedConnectionIsClosedBeforeItsPermitIsFree) {
  const Queue queue;
  common::ConnectionLimit limit(1);
  Background background(loop, queue.wake);
  Acceptor acceptor(loop, queue.listener, limit, background);
  const Fd peer = queue.add_client();
  auto client = co_await acceptor.next();
  EXPECT_THAT(client, Succeeded());
  std::optional<stage::Admitted> admitted(std::move(*client));
  EXPECT_TRUE(tests::is_closed_before_its_permit_is_free(limit, peer, [&] { admitted.reset(); }));
}

// Two workers do this. If one kept a permit while it waits, nobody could use the last one.
CO_TEST_F(Uring, AnAcceptorThatComesTooLateHoldsNoPermit) {
  const Queue queue;
  const Fd other_wake(::eventfd(0, EFD_CLOEXEC));
  common::ConnectionLimit limit(2);
  Background background(loop, queue.wake);
  Background other_background(loop, other_wake);
  Acceptor one(loop, queue.listener, limit, background);
  Acceptor another(loop, queue.listener, limit, other_background);
  NewConnection first;
  NewConnection second;
  uring::Scope scope(loop);
  scope.spawn(keep_result(one.next(), first));
  scope.spawn(keep_result(another.next(), second));
  const Fd client = queue.add_client();
  while (!first && !second) (void)co_await loop.sleep(1ms);
  (void)co_await loop.sleep(1ms);
  EXPECT_NE(first.has_value(), second.has_value());
  EXPECT_TRUE(limit.try_acquire(queue.wake.get()));

  scope.cancel();
  co_await scope.join();
  const auto& late = first->has_value() ? *second : *first;
  EXPECT_THAT(late, Cancelled());
}

/// Measures how long an acceptor waits for a descriptor if a connection is closed meanwhile.
Task<> measure_shortage(uring::Loop& loop, std::optional<uring::Clock::duration>& lasted) {
  const Queue queue;
  common::ConnectionLimit limit(2);
  Background background(loop, queue.wake);
  Acceptor acceptor(loop, queue.listener, limit, background);
  uring::Scope watching(loop);
  background.spawn(watching, background.watch_eventfd());
  const Fd one = queue.add_client();
  const Fd another = queue.add_client();
  auto first = co_await acceptor.next();
  EXPECT_THAT(first, Succeeded());

  NewConnection second;
  uring::Scope scope(loop);
  std::optional<tests::NoMoreDescriptors> shortage(std::in_place);
  const auto begin = uring::Clock::now();
  scope.spawn(keep_result(acceptor.next(), second));
  (void)co_await loop.sleep(1ms);
  EXPECT_FALSE(second);
  shortage.reset();
  first->accepted.fd = Fd();
  first->permit = common::Permit();
  co_await scope.join();
  lasted = uring::Clock::now() - begin;
  EXPECT_THAT(*second, Succeeded());
  watching.cancel();
  co_await watching.join();
}

// The pause is over as soon as a connection has been closed. A busy machine may not show that every
// time.
TEST_F(Uring, AShortageLastsNoLongerThanUntilAConnectionIsClosed) {
  std::optional<uring::Clock::duration> shortest;
  for (int i = 0; i < 10 && (!shortest || *shortest >= common::shortage_pause); ++i) {
    std::optional<uring::Clock::duration> lasted;
    run([&] { return measure_shortage(loop, lasted); });
    ASSERT_TRUE(lasted);
    shortest = std::min(*lasted, shortest.value_or(*lasted));
  }
  EXPECT_LT(*shortest, common::shortage_pause);
}

// If a loop gave its permit back after a failed accept, that would wake the other loop, which would
// try and fail, and so on.
CO_TEST_F(Uring, LoopsWithoutDescriptorsDoNotWakeEachOther) {
  const Queue queue;
  const Fd other_wake(::eventfd(0, EFD_CLOEXEC));
  common::ConnectionLimit limit(3);
  Background background(loop, queue.wake);
  Background other_background(loop, other_wake);
  Acceptor one(loop, queue.listener, limit, background);
  Acceptor another(loop, queue.listener, limit, other_background);
  uring::Scope watching(loop);
  background.spawn(watching, background.watch_eventfd());
  other_background.spawn(watching, other_background.watch_eventfd());
  const Fd client = queue.add_client();
  const tests::NoMoreDescriptors shortage;
  NewConnection first;
  NewConnection second;
  uring::Scope scope(loop);
  scope.spawn(keep_result(one.next(), first));
  scope.spawn(keep_result(another.next(), second));
  const unsigned entries = loop.ring().raw().sq.sqe_tail;
  (void)co_await loop.sleep(common::shortage_pause / 2);
  EXPECT_LT(loop.ring().raw().sq.sqe_tail - entries, 10U);
  for (uring::Scope* const each : {&scope, &watching}) {
    each->cancel();
    co_await each->join();
  }
}

Task<Status> fail_soon(uring::Loop& loop) {
  (void)co_await loop.sleep(1ms);
  co_return std::unexpected(std::make_error_code(std::errc::io_error));
}

CO_TEST_F(Uring, ABackgroundTaskThatFailsIsNoticed) {
  const common::Fd wake(::eventfd(0, EFD_CLOEXEC));
  Background background(loop, wake);
  uring::Scope scope(loop);
  background.spawn(scope, fail_soon(loop));
  EXPECT_FALSE(background.fault());
  while (!background.fault()) (void)co_await background.change();
  EXPECT_EQ(background.fault(), std::errc::io_error);
  co_await scope.join();
}

CO_TEST_F(Uring, ABackgroundTaskThatIsCancelledHasNotFailed) {
  const common::Fd wake(::eventfd(0, EFD_CLOEXEC));
  Background background(loop, wake);
  uring::Scope scope(loop);
  background.spawn(scope, background.watch_eventfd());
  (void)::eventfd_write(wake.get(), 1);
  const auto woken = co_await background.change();
  EXPECT_TRUE(woken.has_value());
  scope.cancel();
  co_await scope.join();
  EXPECT_FALSE(background.fault());
}

}  // namespace
