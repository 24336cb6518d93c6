// Starts threads one after the other and waits for the end of each, while others sleep.
// Try it: ./variants start_threads threads=200 beside=0   and   beside=5000

#include <latch>
#include <thread>

#include "common/server/duration.h"
#include "variants/variant.h"

namespace {

variants::Numbers start_threads(const variants::Words& words) {
  const auto threads = words.number("threads"), beside = words.number("beside");
  std::latch over(1);
  std::vector<std::jthread> sleepers;
  for (std::uint32_t i = 0; i < beside; ++i) {
    sleepers.emplace_back([&over] { over.wait(); });
  }
  const auto begin = common::Clock::now();
  for (std::uint32_t i = 0; i < threads; ++i) std::thread([] {}).join();
  const auto took = common::Clock::now() - begin;
  over.count_down();
  return {{"threads", threads}, {"seconds", variants::seconds(took)}};
}

const variants::Variant known("start_threads", start_threads);

}  // namespace
