#include "uring/send_then_receive.h"

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "exchange.h"

namespace {

using namespace tests;
using uring::Buffers;
using uring::SendThenReceive;

// A part of what a connection costs while its peer says nothing.
static_assert(sizeof(SendThenReceive) <= 96);

class UringExchange : public Uring {
 protected:
  UringExchange() : buffers(std::move(*Buffers::create(loop, loop.setup().buffers, 64))) {}

  Task<> end_of(const Exchange& exchange) {
    while (exchange.in_flight()) (void)co_await loop.sleep(std::chrono::milliseconds(1));
  }

  /// Once more where there was no buffer: there will be.
  Task<> receive(Exchange& exchange) {
    do {
      const int before = exchange.exchanges;
      exchange.start();
      while (exchange.exchanges == before) (void)co_await loop.nop();
    } while (!exchange.received());
  }

  Result<std::span<std::byte>> take(Exchange& exchange) {
    if (!exchange.received()) return std::unexpected(exchange.error());
    return exchange.input();
  }

  std::unique_ptr<Buffers> buffers;
};

CO_TEST_F(UringExchange, SendsAnAnswerAndReceivesWhatComesNext) {
  const auto ends = tcp_connection();
  Exchange exchange(loop, ends.server, *buffers);
  exchange.start();
  for (int i = 1; i <= 5; ++i) {
    (void)co_await loop.send(ends.client, bytes_of("ping"));
    co_await end_of(exchange);
    const auto input = take(exchange);
    EXPECT_THAT(input, Succeeded());
    EXPECT_EQ(text_of(*input), "ping");

    exchange.stage_and_report(*input);
    exchange.start();
    std::array<std::byte, 8> answer;
    EXPECT_EQ(co_await loop.recv(ends.client, answer), Result<std::size_t>(4u));
    while (exchange.answers_sent < i) (void)co_await loop.nop();  // long before the next input
    EXPECT_EQ(exchange.exchanges, i);
  }
  EXPECT_EQ(exchange.answers_sent, 5);
}

/// The request that was filled in last.
io_uring_sqe& last_entry(Loop& loop) {
  const io_uring_sq& queue = loop.ring().raw().sq;
  return queue.sqes[(queue.sqe_tail - 1) & queue.ring_mask];
}

// To try a receive before there are bytes is in vain, and takes a buffer from others meanwhile.
CO_TEST_F(UringExchange, WaitsForBytesFirstUnlessTheSocketHasMoreThanTheLastCouldTake) {
  const auto ends = tcp_connection();
  const bool is_one_request = loop.can_skip_success();
  for (const std::string_view answer : {"", "an answer"}) {
    if (!answer.empty() && !is_one_request) break;  // the receive follows when the send is over
    Exchange exchange(loop, ends.server, *buffers);
    const std::string message(2 * buffers->bytes_each() + 1, 'x');
    (void)co_await loop.send(ends.client, bytes_of(message), MSG_WAITALL);
    std::vector<std::uint16_t> flags;
    for (std::size_t left = message.size(); left > 0; left -= exchange.input().size()) {
      exchange.stage(bytes_of(answer));
      exchange.start();
      flags.push_back(last_entry(loop).ioprio);
      co_await end_of(exchange);
      EXPECT_TRUE(exchange.received());
      if (!exchange.received()) co_return;
    }
    exchange.start();
    flags.push_back(last_entry(loop).ioprio);
    EXPECT_THAT(flags,
                testing::ElementsAre(IORING_RECVSEND_POLL_FIRST, 0, 0, IORING_RECVSEND_POLL_FIRST));
  }
}

CO_TEST_F(UringExchange, TheEndOfTheStreamIsNoInput) {
  const auto ends = tcp_connection();
  Exchange exchange(loop, ends.server, *buffers);
  exchange.stage_and_report(bytes_of("bye"));
  exchange.start();
  (void)co_await loop.shutdown(ends.client, SHUT_WR);
  co_await end_of(exchange);
  const auto input = take(exchange);
  EXPECT_THAT(input, Succeeded());
  EXPECT_TRUE(input->empty());
  EXPECT_EQ(exchange.answers_sent, 1);
}

// What was not sent is known to the byte, and nothing was received in the meantime.
CO_TEST_F(UringExchange, AnAnswerThatFallsShortIsAllThatHappens) {
  const auto ends = tcp_connection();
  const std::string much(10'000'000, 'x');
  Exchange exchange(loop, ends.server, *buffers);
  (void)co_await loop.send(ends.client, bytes_of("more"));
  exchange.stage_and_report(bytes_of(much));
  exchange.start();
  co_await end_of(exchange);
  EXPECT_THAT(take(exchange), FailedWith(std::errc::resource_unavailable_try_again));
  EXPECT_EQ(exchange.answers_sent, 0);
  EXPECT_EQ(buffers->available(), loop.setup().buffers);

  std::size_t left = much.size() - exchange.unsent().size();
  EXPECT_GT(left, 0u);
  std::vector<std::byte> taken(1'000'000);
  while (left > 0) {
    const auto got = co_await loop.recv(ends.client, taken);
    EXPECT_THAT(got, Succeeded());
    if (!got) co_return;
    EXPECT_LE(*got, left);
    left -= std::min(left, *got);
  }
  exchange.stage({});
  exchange.start();
  co_await end_of(exchange);
  const auto input = take(exchange);
  EXPECT_EQ(text_of(*input), "more");
}

CO_TEST_F(UringExchange, AFailedSendIsItsError) {
  auto ends = tcp_connection();
  (void)co_await loop.shutdown(ends.server, SHUT_WR);
  Exchange exchange(loop, ends.server, *buffers);
  exchange.stage_and_report(bytes_of("too late"));
  exchange.start();
  co_await end_of(exchange);
  EXPECT_THAT(take(exchange), FailedWith(std::errc::broken_pipe));
  EXPECT_FALSE(exchange.unsent().empty());
  EXPECT_EQ(exchange.answers_sent, 0);
}

// As a receive may that a thread of the kernel's has waited for.
CO_TEST_F(UringExchange, AReceiveThatFailsMayHaveABufferAllTheSame) {
  for (std::uint32_t i = 0; i <= loop.setup().buffers; ++i) {
    auto ends = tcp_connection();
    tests::reset(ends.client);
    Exchange exchange(loop, ends.server, *buffers);
    exchange.start();
    last_entry(loop).flags |= IOSQE_ASYNC;
    last_entry(loop).ioprio = 0;
    co_await end_of(exchange);
    EXPECT_THAT(take(exchange), FailedWith(std::errc::connection_reset));
    exchange.give_input_back();
    EXPECT_EQ(buffers->available(), loop.setup().buffers);
  }
}

CO_TEST_F(UringExchange, IsCancelledForAReason) {
  const auto ends = tcp_connection();
  Exchange exchange(loop, ends.server, *buffers);
  exchange.stage(bytes_of("hello"));
  exchange.start();
  (void)co_await loop.nop();
  exchange.cancel(Error::timed_out);
  co_await end_of(exchange);
  EXPECT_THAT(take(exchange), TimedOut());

  // Not for ever: the next one begins as if nothing had been.
  (void)co_await loop.send(ends.client, bytes_of("hi"));
  exchange.start();
  co_await end_of(exchange);
  EXPECT_EQ(text_of(*take(exchange)), "hi");
}

// Before it is submitted, while it waits, and with bytes that nobody fetched.
CO_TEST_F(UringExchange, MayBeDestroyedAtAnyTime) {
  const auto ends = tcp_connection();
  for (const std::string_view answer : {"", "hello"}) {
    for (int turns = 0; turns < 3; ++turns) {
      Exchange exchange(loop, ends.server, *buffers);
      exchange.stage(bytes_of(answer));
      exchange.start();
      for (int i = 0; i < turns; ++i) (void)co_await loop.nop();
      if (turns == 2) {
        (void)co_await loop.send(ends.client, bytes_of("x"));
        co_await end_of(exchange);
      }
    }
  }
  (void)co_await loop.sleep(std::chrono::milliseconds(1));
  EXPECT_EQ(buffers->available(), loop.setup().buffers);
}

// All clients are active at once, and then only one: the buffers that took are idle until all are
// active again.
TEST_F(UringExchange, WhatABurstNeededGoesRoundForAWhile) {
  if (!loop.can_skip_success()) GTEST_SKIP() << "an answer and a receive are two requests here";
  run([this]() -> Task<> {
    const auto many = std::move(*Buffers::create(loop, 64, 16));
    std::vector<tests::Ends> ends;
    std::vector<std::unique_ptr<Exchange>> exchanges;
    for (int i = 0; i < 40; ++i) {
      ends.push_back(tcp_connection());
      (void)co_await loop.send(ends.back().client, bytes_of("x"));
      exchanges.push_back(std::make_unique<Exchange>(loop, ends.back().server, *many));
    }
    for (const auto& each : exchanges) co_await receive(*each);
    EXPECT_EQ(many->available(), 24u);
    for (const auto& each : exchanges) {
      each->stage(each->input());
      each->start();
    }

    Exchange& one = *exchanges.front();
    std::array<std::byte, 8> answer;
    std::set<const std::byte*> seen;
    int done = one.exchanges;
    for (int i = 0; i < 1000; ++i) {
      if (i == 800) seen.clear();
      EXPECT_THAT(co_await loop.recv(ends.front().client, answer), Succeeded());
      (void)co_await loop.send(ends.front().client, bytes_of("x"));
      while (one.exchanges == done) (void)co_await loop.nop();
      EXPECT_THAT(take(one), Succeeded());
      seen.insert(one.input().data());
      one.stage(one.input());
      one.start();
      ++done;
    }
    EXPECT_LE(seen.size(), 16u);

    std::size_t echoed = 0;
    for (std::size_t i = 1; i < ends.size(); ++i) {
      (void)co_await loop.send(ends[i].client, bytes_of("again"));
    }
    for (std::size_t i = 1; i < ends.size(); ++i) {
      while (exchanges[i]->in_flight()) (void)co_await loop.nop();
      if (!exchanges[i]->received()) co_await receive(*exchanges[i]);
      EXPECT_EQ(text_of(exchanges[i]->input()), "again");
      ++echoed;
    }
    EXPECT_EQ(echoed, 39u);
  });
}

}  // namespace
