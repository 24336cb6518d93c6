// Waits with poll(2) for clients that say nothing, and counts how often it wakes up all the same.
// With --output always it asks for room to send, too, though it has nothing to send; with never it
// asks for input alone. Prints one line of JSON.
// Try it: ./idle_poll --output always   and   ./idle_poll --output never

#include <fmt/format.h>
#include <poll.h>

#include <cstdio>

#include "common/server/duration.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "variants/loopback.h"

namespace {

using common::Clock;

struct Settings {
  std::uint32_t clients = 100;
  std::chrono::milliseconds duration{200};
  bool always = false;
};

common::Program program(Settings& settings) {
  const auto set_output = [&settings](std::string_view text) {
    settings.always = text == "always";
    return text == "always" || text == "never";
  };
  return {
      .name = "idle_poll",
      .summary = "Counts wake-ups of a poll loop whose clients say nothing.",
      .options = {common::number_option("--clients", "N", "connections, all silent",
                                        settings.clients, 1, 9000),
                  {"--output", "WHEN", "never", "when to ask for room to send", "always or never",
                   set_output},
                  common::duration_option("--duration", "how long to go on", settings.duration)}};
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (const auto status = common::parse_options(argc, argv, program(settings))) return *status;
  common::prepare_process(settings.clients);
  const auto pairs = loopback::connect_pairs(settings.clients);
  std::vector<pollfd> polled;
  for (const loopback::Pair& pair : pairs) {
    const int events = settings.always ? POLLIN | POLLOUT : POLLIN;
    polled.push_back({.fd = pair.ours.get(), .events = static_cast<short>(events), .revents = 0});
  }

  std::uint64_t wake_ups = 0;
  const auto cpu_before = loopback::thread_cpu_time();
  const auto begin = Clock::now(), end = begin + settings.duration;
  for (auto now = begin; now < end; now = Clock::now()) {
    const auto ready =
        loopback::check(::poll(polled.data(), polled.size(), common::timeout_ms(end)), "poll");
    if (ready > 0) ++wake_ups;  // and there is nothing to do
  }
  const auto seconds = [](auto time) { return std::chrono::duration<double>(time).count(); };
  fmt::print("{{\"wake_ups\": {}, \"seconds\": {:.6f}, \"cpu_seconds\": {:.9f}}}\n", wake_ups,
             seconds(Clock::now() - begin), seconds(loopback::thread_cpu_time() - cpu_before));
}
