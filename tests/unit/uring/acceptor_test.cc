// New connections and the places for them.

#include "ring_server/acceptor.h"

#include <sys/eventfd.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "fixture.h"
#include "uring/scope.h"

namespace {

using namespace std::chrono_literals;
using common::Fd;
using tests::FailedWith;
using tests::Succeeded;
using tests::Uring;
using uring::Acceptor;
using uring::Error;
using uring::Result;
using uring::Task;

using NewConnection = std::optional<Result<common::Accepted>>;

Task<> take_one(Acceptor& acceptor, NewConnection& new_connection) {
  new_connection = co_await acceptor.next();
}

struct Queue {
  Fd listener = *common::listen_on(tests::on_free_port(), common::SocketMode::nonblocking);
  Fd wake{::eventfd(0, EFD_CLOEXEC)};

  Fd add_client() const { return tests::connect_to(*common::Address::of_socket(listener)); }
};

TEST_F(Uring, ANewcomerForWhomThereIsNoPlaceIsTakenWhenThereIs) {
  const Queue queue;
  common::ConnectionLimit limit(1);
  uring::Background background(loop, queue.wake);
  Acceptor acceptor(loop, queue.listener, limit, background);
  run([&]() -> Task<> {
    const Fd one = queue.add_client();
    const Fd another = queue.add_client();
    const auto first = co_await acceptor.next();
    EXPECT_THAT(first, Succeeded());

    NewConnection second;
    uring::Scope scope(loop);
    scope.spawn(take_one(acceptor, second));
    (void)co_await loop.sleep(1ms);
    EXPECT_FALSE(second);
    acceptor.release();

    uring::Scope watching(loop);
    background.run(watching, background.watch_eventfd());
    co_await scope.join();
    EXPECT_THAT(*second, Succeeded());
    watching.cancel();
    co_await watching.join();
  });
}

// As two workers do. If it kept a place while it waits, the last one would be gone.
TEST_F(Uring, WhoeverComesTooLateForANewcomerHoldsNoPlace) {
  const Queue queue;
  const Fd other_wake(::eventfd(0, EFD_CLOEXEC));
  common::ConnectionLimit limit(2);
  uring::Background background(loop, queue.wake);
  uring::Background other_background(loop, other_wake);
  Acceptor one(loop, queue.listener, limit, background);
  Acceptor another(loop, queue.listener, limit, other_background);
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

}  // namespace
