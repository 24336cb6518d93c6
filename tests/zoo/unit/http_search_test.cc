#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "common/http_session.h"

namespace {

using Duration = std::chrono::steady_clock::duration;

/// The beginning of a head that goes on and on, in lines as short as they can be.
std::string long_head() {
  std::string head = "GET / HTTP/1.1\r\n";
  while (head.size() < 8000) head += "a:\r\n";
  return head;
}

/// How long the session takes for these bytes, one at a time.
Duration cost(common::HttpSession& session, std::string_view bytes) {
  common::Answers answers;
  const auto begin = std::chrono::steady_clock::now();
  for (const char& byte : bytes) {
    const auto taken = session.take(std::as_bytes(std::span(&byte, 1)), answers);
    EXPECT_TRUE(taken && answers.empty());
  }
  return std::chrono::steady_clock::now() - begin;
}

// From outside it cannot be seen: next to the system call for each byte the search costs little.
// Here, a search from the start makes the last bytes dearer by the length of what stands before.
TEST(HttpSearch, ALateByteOfALongHeadCostsNoMoreThanAnEarlyOne) {
  const std::string head = long_head();
  const std::size_t part = head.size() / 8;
  auto early = Duration::max();
  auto late = Duration::max();
  for (int i = 0; i < 20; ++i) {  // the fastest counts: others had to share the processor
    common::HttpSession session;
    early = std::min(early, cost(session, std::string_view(head).substr(0, part)));
    cost(session, std::string_view(head).substr(part, 6 * part));
    late = std::min(late, cost(session, std::string_view(head).substr(7 * part)));
  }
  EXPECT_LT(late / 4, early) << "late bytes cost " << late / std::max(early, Duration(1))
                             << " times";
}

}  // namespace
