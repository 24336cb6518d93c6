// Starts threads one after the other and waits for the end of each, while --beside others sleep.
// Prints one line of JSON: how many, and how long that took.
// Try it: ./start_threads   and   ./start_threads --beside 5000

#include <fmt/format.h>

#include <cstdio>
#include <latch>
#include <system_error>
#include <thread>

#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/options.h"

namespace {

using common::Clock;

struct Settings {
  std::uint32_t beside = 0;
  std::uint32_t threads = 200;
};

common::Program program(Settings& settings) {
  return {.name = "start_threads",
          .summary = "Measures what starting and joining a thread costs.",
          .options = {common::number_option("--beside", "N", "threads that sleep meanwhile",
                                            settings.beside, 0, 30'000),
                      common::number_option("--threads", "N", "how many to start", settings.threads,
                                            1, 1'000'000)}};
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (const auto status = common::parse_options(argc, argv, program(settings))) return *status;
  std::latch over(1);
  std::vector<std::jthread> sleepers;
  int status = 0;
  try {
    for (std::uint32_t i = 0; i < settings.beside; ++i) {
      sleepers.emplace_back([&over] { over.wait(); });
    }
    const auto begin = Clock::now();
    for (std::uint32_t i = 0; i < settings.threads; ++i) std::thread([] {}).join();
    fmt::print("{{\"threads\": {}, \"seconds\": {:.9f}}}\n", settings.threads,
               std::chrono::duration<double>(Clock::now() - begin).count());
  } catch (const std::system_error& error) {  // EAGAIN: more than the system allows
    common::log(fmt::format("start_threads: {}", error.what()));
    status = 1;
  }
  over.count_down();
  return status;
}
