// How much an HTTP session holds and searches. tests/protocol checks the limits of running servers.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>

#include "allocations.h"
#include "http.h"

namespace {

using common::HttpHead;
using common::HttpSession;
using common::SendBuffer;
using tests::Allocations;
using tests::bytes;
using tests::hello;
using tests::serve_http;
using tests::too_large;

constexpr std::size_t head_bytes_max = HttpHead::bytes_max;
static_assert(head_bytes_max == 8192, "contract: 8 KiB");

/// Makes a request whose head has exactly this size.
std::string request_of(std::size_t head_bytes) {
  const std::string begin = "GET / HTTP/1.1\r\nFiller: ";
  const std::string end = "\r\n\r\n";
  return begin + std::string(head_bytes - begin.size() - end.size(), 'x') + end;
}

TEST(HttpLimits, TheCountBeginsWithTheRequestLine) {
  EXPECT_EQ(serve_http("\r\n\r\n" + request_of(head_bytes_max)).answers, hello);
}

TEST(HttpLimits, EmptyLinesAreNotPassedOverForEver) {
  const auto lines = [](std::size_t count) { return tests::times(count, "\r\n"); };
  const std::string request = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(serve_http(lines(head_bytes_max / 2) + request).answers, hello);
  EXPECT_EQ(serve_http(lines(head_bytes_max / 2 + 1) + request).answers, too_large);
  EXPECT_EQ(serve_http(tests::byte_by_byte(lines(head_bytes_max / 2 + 1))).answers, too_large);
  EXPECT_EQ(serve_http(tests::times(3, lines(head_bytes_max / 2) + request)).answers,
            tests::times(3, hello));
}

/// Returns the processor time that serving a stream byte by byte takes, the best of several runs.
std::chrono::nanoseconds cost_byte_by_byte(const std::string& stream) {
  auto best = std::chrono::nanoseconds::max();
  for (int run = 0; run < 7; ++run) {
    HttpSession session;
    SendBuffer answers;
    timespec begin{};
    timespec end{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    for (std::size_t i = 0; i < stream.size(); ++i) {
      if (!session.take(bytes(stream).subspan(i, 1), answers)) return std::chrono::hours(1);
    }
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    best = std::min(best, std::chrono::seconds(end.tv_sec - begin.tv_sec) +
                              std::chrono::nanoseconds(end.tv_nsec - begin.tv_nsec));
  }
  return best;
}

// The large head has as many bytes as the 32 small ones together. If it were searched from the
// start at each byte, it would cost some twenty times as much.
TEST(HttpLimits, EachByteOfAHeadIsSearchedOnce) {
  const auto request = [](std::size_t fields) {
    return "GET / HTTP/1.1\r\n" + tests::times(fields, "a:\r\n") + "\r\n";
  };
  const auto large = request(2000);
  const auto small = tests::times(32, request(60));
  EXPECT_LT(cost_byte_by_byte(large), 4 * cost_byte_by_byte(small));
}

/// Makes the answers that are prepared once for the process, because the tests below aren't about
/// those.
void warm() {
  HttpSession session;
  SendBuffer answers;
  EXPECT_TRUE(session.take(bytes("GET / HTTP/1.1\r\n\r\n"), answers).has_value());
}

TEST(HttpLimits, HoldsNothingBetweenRequests) {
  const auto request = request_of(8000);
  HttpSession session;
  SendBuffer answers;
  warm();
  const Allocations allocations;
  for (std::size_t at = 1; at < request.size(); at += 501) {
    answers.clear();
    for (const auto slice : tests::cut_at(request, at)) {
      ASSERT_TRUE(session.take(bytes(slice), answers).has_value());
    }
    ASSERT_EQ(tests::text(answers.view()), hello);
    ASSERT_EQ(allocations.held_bytes(), 0) << "cut at " << at;
  }
}

/// Returns how much a session holds after these slices.
std::ptrdiff_t held_after(const tests::Slices& slices) {
  HttpSession session;
  warm();
  const Allocations allocations;
  for (const auto slice : slices) {
    SendBuffer answers;
    if (!session.take(bytes(slice), answers)) break;
  }
  return allocations.held_bytes();
}

TEST(HttpLimits, HoldsNothingWhileABodyIsReadOrAfterTheEnd) {
  const std::string head = "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
  const std::string body(10'000, 'x');
  auto slices = tests::byte_by_byte(head);
  EXPECT_GT(held_after({slices.front()}), 0) << "or this test sees nothing";
  EXPECT_EQ(held_after(slices), 0);
  slices.push_back(body);
  EXPECT_EQ(held_after(slices), 0);
  EXPECT_EQ(held_after(tests::byte_by_byte("GET / HTTP/1.1\r\nnonsense\r\n\r\n")), 0);
  EXPECT_EQ(held_after(tests::byte_by_byte("GET / HTTP/1.0\r\n\r\n")), 0);
}

TEST(HttpLimits, HoldsNoMoreThanTheHeadMayBe) {
  const std::string too_much = request_of(20'000);
  const auto slices = tests::byte_by_byte(too_much);
  HttpSession session;
  SendBuffer answers;
  warm();
  const Allocations allocations;
  for (const auto slice : slices) {
    if (!session.take(bytes(slice), answers)) break;
    ASSERT_LE(allocations.held_bytes(), 2 * std::ptrdiff_t{head_bytes_max});
  }
  EXPECT_TRUE(session.finished());
  EXPECT_LE(allocations.made(), 16U) << "grown by doubling";
}

TEST(HttpLimits, AllocatesNothingForARequestThatIsWholeInTheLentBytes) {
  warm();
  HttpSession session;
  const Allocations allocations;
  for (const std::string_view request :
       {"GET / HTTP/1.1\r\nHost: localhost:5882\r\nUser-Agent: x\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    for (int i = 0; i < 100; ++i) {
      SendBuffer answers;
      ASSERT_EQ(session.take(bytes(request), answers), 1U);
    }
  }
  EXPECT_EQ(allocations.made(), 0U);
}

TEST(HttpLimits, AllocatesForTheAnswersToPipelinedRequestsAlone) {
  warm();
  const std::string slice = tests::times(100, "GET / HTTP/1.1\r\nHost: localhost:5882\r\n\r\n");
  HttpSession session;
  SendBuffer answers;
  const Allocations allocations;
  ASSERT_EQ(session.take(bytes(slice), answers), 100U);
  EXPECT_LE(allocations.made(), 8U) << "grown by doubling";
  answers.clear();
  EXPECT_EQ(allocations.held_bytes(), 0);
}

// The header file promises this, and the stages' memory bound relies on it.
TEST(HttpLimits, AnswersGrowNoFasterThanPromised) {
  for (const std::string request : {"X / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                                    "X / HTTP/1.0\r\nConnection:keep-alive\r\n\r\n", "\n"}) {
    HttpSession session;
    SendBuffer answers;
    const std::string all_but_one_byte = request.substr(0, request.size() - 1);
    if (!session.take(bytes(all_but_one_byte), answers)) continue;
    const std::string rest = request.back() + tests::times(1000, request) + "nonsense\n";
    EXPECT_FALSE(session.take(bytes(rest), answers).has_value());
    EXPECT_LE(answers.size(), 5 * rest.size() + 200) << request;
  }
}

TEST(HttpLimits, AnIdleSessionIsSmall) { EXPECT_LE(sizeof(HttpSession), 128U); }

}  // namespace
