// New connections and the permits for them.

#include "ring_server/acceptor.h"

#include <sys/eventfd.h>

#include <chrono>
#include <optional>
#include <utility>

#include "../closed_first.h"
#include "common/server/constants.h"
#include "fixture.h"
#include "no_more_descriptors.h"
#include "uring/scope.h"

namespace {

using namespace tests;
using common::Fd;
using ring_server::Acceptor;

using NewConnection = std::optional<Result<ring_server::Admitted>>;

Task<> take_one(Acceptor& acceptor, NewConnection& new_connection) {
  new_connection = co_await acceptor.next();
}

struct Queue {
  Fd listener = *common::listen_on(tests::on_free_port(), common::SocketMode::nonblocking);
  Fd wake{::eventfd(0, EFD_CLOEXEC)};

  Fd add_client() const { return tests::connect_to(*common::Address::of_socket(listener)); }
};

/// No connection gives its permit up for another.
const auto no_room = [] { return common::Clock::time_point::max(); };

TEST_F(Uring, AConnectionWithoutAPermitIsAcceptedWhenThereIsOne) {
  const Queue queue;
  common::ConnectionLimit limit(1);
  ring_server::Background background(loop, queue.wake);
  Acceptor acceptor(loop, queue.listener, limit, background, no_room);
  run([&]() -> Task<> {
    const Fd one = queue.add_client();
    const Fd another = queue.add_client();
    auto first = co_await acceptor.next();
    EXPECT_THAT(first, Succeeded());

    NewConnection second;
    uring::Scope scope(loop);
    scope.spawn(take_one(acceptor, second));
    (void)co_await loop.sleep(1ms);
    EXPECT_FALSE(second);
    first->permit = common::Permit();

    uring::Scope watching(loop);
    background.spawn(watching, background.watch_eventfd());
    co_await scope.join();
    EXPECT_THAT(*second, Succeeded());
    watching.cancel();
    co_await watching.join();
  });
}

TEST_F(Uring, AnAdmittedConnectionIsClosedBeforeItsPermitIsFree) {
  const Queue queue;
  common::ConnectionLimit limit(1);
  ring_server::Background background(loop, queue.wake);
  Acceptor acceptor(loop, queue.listener, limit, background, no_room);
  run([&]() -> Task<> {
    const Fd peer = queue.add_client();
    auto client = co_await acceptor.next();
    EXPECT_THAT(client, Succeeded());
    std::optional<ring_server::Admitted> admitted(std::move(*client));
    EXPECT_TRUE(tests::is_closed_before_its_permit_is_free(limit, peer, [&] { admitted.reset(); }));
  });
}

// As two workers do. If it kept a permit while it waits, the last one would be gone.
TEST_F(Uring, AnAcceptorThatComesTooLateHoldsNoPermit) {
  const Queue queue;
  const Fd other_wake(::eventfd(0, EFD_CLOEXEC));
  common::ConnectionLimit limit(2);
  ring_server::Background background(loop, queue.wake);
  ring_server::Background other_background(loop, other_wake);
  Acceptor one(loop, queue.listener, limit, background, no_room);
  Acceptor another(loop, queue.listener, limit, other_background, no_room);
  run([&]() -> Task<> {
    NewConnection first;
    NewConnection second;
    uring::Scope scope(loop);
    scope.spawn(take_one(one, first));
    scope.spawn(take_one(another, second));
    const Fd client = queue.add_client();
    while (!first && !second) (void)co_await loop.sleep(1ms);
    (void)co_await loop.sleep(1ms);
    EXPECT_NE(first.has_value(), second.has_value());
    EXPECT_TRUE(limit.try_acquire(queue.wake.get()));

    scope.cancel();
    co_await scope.join();
    const auto& late = first->has_value() ? *second : *first;
    EXPECT_THAT(late, FailedWith(Error::cancelled));
  });
}

/// How long an acceptor that lacked a descriptor had none, after a connection was closed.
Task<> measure_shortage(uring::Loop& loop, std::optional<uring::Clock::duration>& lasted) {
  const Queue queue;
  common::ConnectionLimit limit(2);
  ring_server::Background background(loop, queue.wake);
  Acceptor acceptor(loop, queue.listener, limit, background, no_room);
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
  scope.spawn(take_one(acceptor, second));
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

// The pause is over as soon as a connection has been closed. A machine may be too busy to show it
// each time.
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

// A permit that each gave back after it had tried would wake the other, which would try, and so on.
TEST_F(Uring, LoopsWithoutDescriptorsDoNotWakeEachOther) {
  const Queue queue;
  const Fd other_wake(::eventfd(0, EFD_CLOEXEC));
  common::ConnectionLimit limit(3);
  ring_server::Background background(loop, queue.wake);
  ring_server::Background other_background(loop, other_wake);
  Acceptor one(loop, queue.listener, limit, background, no_room);
  Acceptor another(loop, queue.listener, limit, other_background, no_room);
  run([&]() -> Task<> {
    uring::Scope watching(loop);
    background.spawn(watching, background.watch_eventfd());
    other_background.spawn(watching, other_background.watch_eventfd());
    const Fd client = queue.add_client();
    const tests::NoMoreDescriptors shortage;
    NewConnection first;
    NewConnection second;
    uring::Scope scope(loop);
    scope.spawn(take_one(one, first));
    scope.spawn(take_one(another, second));
    const auto submitted = loop.ring().submitted();
    (void)co_await loop.sleep(common::shortage_pause / 2);
    EXPECT_LT(loop.ring().submitted() - submitted, 10U);
    for (uring::Scope* const each : {&scope, &watching}) {
      each->cancel();
      co_await each->join();
    }
  });
}

}  // namespace
