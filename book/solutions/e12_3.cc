// Copies its input to its output, and prints `tick` when nothing has arrived for that long:
// ./e12_3 MILLISECONDS

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>

#include "uring/loop.h"

namespace {

using uring::Loop;
using uring::Result;
using uring::Task;

// [when_any]
template <typename T>
Task<> run_in(uring::Scope& race, Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
  race.cancel();  // the one that is still running
}

/// Runs both. When one has ended, cancels and awaits the other. Yields the results of both, because
/// a cancel may come too late, and the loser may have done its work.
template <typename A, typename B>
Task<std::pair<A, B>> when_any(Loop& loop, Task<A> a, Task<B> b) {
  std::optional<A> result_of_a;
  std::optional<B> result_of_b;
  uring::Scope race(loop);
  race.spawn(run_in(race, std::move(a), result_of_a));
  race.spawn(run_in(race, std::move(b), result_of_b));
  co_await race.join();
  co_return std::pair<A, B>(std::move(*result_of_a), std::move(*result_of_b));
}
// [/when_any]

Task<Result<std::size_t>> read_some(Loop& loop, std::span<std::byte> to) {
  const auto got = co_await loop.read(uring::Descriptor::borrowed(STDIN_FILENO), to);
  co_return got;
}

Task<uring::Status> sleep_for(Loop& loop, std::chrono::milliseconds time) {
  const auto slept = co_await loop.sleep(time);
  co_return slept;
}

Task<int> copy(Loop& loop, std::chrono::milliseconds patience) {
  std::array<std::byte, 4096> buffer;
  while (true) {
    const auto ended = co_await when_any(loop, read_some(loop, buffer), sleep_for(loop, patience));
    const auto& got = ended.first;
    if (!got && got.error() == uring::Error::cancelled) {
      std::fputs("tick\n", stderr);
    } else if (!got) {
      std::fprintf(stderr, "%s\n", got.error().message().c_str());
      co_return 1;
    } else if (*got == 0) {
      co_return 0;
    } else {  // even if the time was up, too, since results win
      std::fwrite(buffer.data(), 1, *got, stdout);
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: e12_3 MILLISECONDS\n", stderr);
    return 2;
  }
  const auto loop = Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }
  return (*loop)->run(copy(**loop, std::chrono::milliseconds(std::atoi(argv[1]))));
}
