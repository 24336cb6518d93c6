// A thread that blocks, on standard input, hands what it reads to a loop.
// Try it: ls | ./post

#include <cstdio>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "uring/condition.h"
#include "uring/extra/post.h"
#include "uring/loop.h"

uring::Task<> number_lines(uring::Loop& loop) {
  std::vector<std::string> lines;
  bool is_end = false;
  uring::Condition changed(loop);
  const auto queue = uring::PostQueue::create(loop);  // ends before what the work refers to
  if (!queue) co_return;
  const std::jthread reader([&, poster = (*queue)->poster()] {
    for (std::string line; std::getline(std::cin, line);) {
      (void)poster.post([&, line] {  // in the loop's thread, which needs no lock
        lines.push_back(line);
        changed.notify_one();
      });
    }
    (void)poster.post([&] {
      is_end = true;
      changed.notify_one();
    });
  });

  std::size_t printed = 0;
  while (printed < lines.size() || !is_end) {
    if (printed < lines.size()) {
      std::printf("%zu %s\n", printed + 1, lines[printed].c_str());
      ++printed;
      continue;
    }
    const auto told = co_await changed.wait();
    if (!told) co_return;  // cancelled
  }
}

int main() {
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::explain(loop.error()).c_str());
    return 1;
  }
  (*loop)->run(number_lines(**loop));
}
