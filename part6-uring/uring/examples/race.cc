// Whichever of two comes first, and a timeout for all that a task does.
// Try it: ./race

#include <sys/socket.h>

#include <cstdio>
#include <string>

#include "uring/extra/race.h"
#include "uring/loop.h"

using namespace std::chrono_literals;

uring::Task<std::string> message_from(uring::Loop& loop, const uring::Fd& peer) {
  std::array<char, 80> text;
  const auto size = co_await loop.recv(peer, std::as_writable_bytes(std::span(text)));
  if (!size) co_return size.error().message();
  co_return std::string(text.data(), *size);
}

uring::Task<> hear_two(uring::Loop& loop, const uring::Fd& left, const uring::Fd& right) {
  const auto first =
      co_await uring::race(loop, message_from(loop, left), message_from(loop, right));
  std::printf("the %s was first\n", first.winner == 0 ? "left" : "right");
  std::printf("left: %s\n", std::get<0>(first.values).c_str());
  std::printf("right: %s\n", std::get<1>(first.values).c_str());

  const auto late = co_await uring::with_timeout(loop, message_from(loop, left), 20ms);
  std::printf("left: %s\n", late.c_str());
}

int main() {
  int left[2];
  int right[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, left) < 0) return 1;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, right) < 0) return 1;
  const std::array ends{uring::Fd(left[0]), uring::Fd(left[1]), uring::Fd(right[0]),
                        uring::Fd(right[1])};
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::explain(loop.error()).c_str());
    return 1;
  }
  (void)::send(ends[3].get(), "hello", 5, MSG_NOSIGNAL);
  (*loop)->run(hear_two(**loop, ends[0], ends[2]));
}
