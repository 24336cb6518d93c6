// Loads an echo server with framed messages, in one thread, and compares every byte that comes
// back. Measures the messages a second, the latencies, and the server's CPU time, and prints a line
// of JSON. It is a closed loop; chapter 16 tells what that hides. Try it: taskset -c 1
// ./part5-epoll --port 5882   and   taskset -c 0 ./load --connections 64

#include <fmt/format.h>
#include <time.h>

#include <limits>
#include <thread>

#include "common/server/log.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "load/crowd.h"

namespace {

struct Settings {
  common::Options server;
  load::Crowd::Shape shape;
  std::uint64_t messages = 0;
  std::chrono::milliseconds duration = std::chrono::seconds(1);
  std::chrono::milliseconds warm_up{0};
  std::uint32_t server_pid = 0;
};

common::Program program(Settings& settings) {
  using common::number_option;
  constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
  load::Crowd::Shape& shape = settings.shape;
  return {
      .name = "load",
      .summary = "Sends messages to an echo server, checks the answers and measures.",
      .options = {
          common::address_option("--host", "where the server is", settings.server.host),
          number_option("--port", "N", "where it listens", settings.server.port, 1,
                        std::numeric_limits<std::uint16_t>::max()),
          number_option("--connections", "N", "connections at once", shape.connections, 1, 100'000),
          number_option("--idle", "N", "connections beside them that say nothing",
                        shape.idle_connections, 0, 100'000),
          number_option("--sources", "N",
                        "addresses they come from, 127.0.0.1 and up; 0: as it may be",
                        shape.sources, 0, 60'000),
          number_option("--bytes", "N", "payload of a message", shape.payload_bytes, 0, 1 << 24),
          number_option("--piece", "N", "bytes sent at a time; 0: as many as fit",
                        shape.piece_bytes, 0, 1 << 24),
          number_option("--in-flight", "N", "messages on their way in each", shape.in_flight, 1,
                        1 << 16),
          number_option("--messages", "N", "so many in all; 0: as many as fit --duration",
                        settings.messages, 0, any),
          common::duration_option("--duration", "how long to go on", settings.duration),
          common::duration_option("--warm-up", "how long to do the same before it counts",
                                  settings.warm_up),
          number_option("--server-pid", "N", "process whose CPU time is measured; 0: none",
                        settings.server_pid, 0, std::numeric_limits<std::int32_t>::max()),
      }};
}

/// CPU time of a process and all its threads, io workers included. Exact only while none of them
/// runs, because a running thread's share is as old as the last tick. So we first wait until the
/// idle server sleeps. clock_getcpuclockid(3)
std::chrono::nanoseconds cpu_time_at_rest(std::uint32_t pid) {
  if (pid == 0) return {};
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(static_cast<pid_t>(pid), &clock) != 0 ||
      ::clock_gettime(clock, &time) < 0) {
    return {};
  }
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void print(const load::Tally& tally, std::chrono::nanoseconds server_cpu,
           std::chrono::nanoseconds own_cpu) {
  const auto seconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  const auto us = [](const load::Histogram& times, double share) {
    return static_cast<double>(times.quantile(share)) / 1000;
  };
  fmt::print(
      "{{\"messages\": {}, \"seconds\": {:.6f}, \"server_cpu_seconds\": {:.9f}, "
      "\"client_cpu_seconds\": {:.6f}, \"p50_us\": {:.2f}, \"p99_us\": {:.2f}, "
      "\"p999_us\": {:.2f}, \"max_us\": {:.2f}}}\n",
      tally.messages, seconds(tally.duration), seconds(server_cpu), seconds(own_cpu),
      us(tally.latency, 0.5), us(tally.latency, 0.99), us(tally.latency, 0.999),
      us(tally.latency, 1.0));
}

int complain(std::string_view what, std::error_code error) {
  common::log(fmt::format("load: {}: {}", what, error.message()));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (const auto status = common::parse_options(argc, argv, program(settings))) return *status;
  common::prepare_process(settings.shape.connections + settings.shape.idle_connections);

  const auto server = common::Address::parse(settings.server.host, settings.server.port);
  auto crowd = load::Crowd::connect(*server, settings.shape);
  if (!crowd) return complain("cannot connect", crowd.error());
  if (settings.warm_up.count() > 0) {
    const auto warm = crowd->run({.duration = settings.warm_up});
    if (!warm) return complain("warming up", warm.error());
  }
  const auto cpu_before = cpu_time_at_rest(settings.server_pid);
  const auto own_before = cpu_time_at_rest(static_cast<std::uint32_t>(::getpid()));
  const auto tally = crowd->run({.messages = settings.messages, .duration = settings.duration});
  if (!tally) return complain("measuring", tally.error());
  const auto own_after = cpu_time_at_rest(static_cast<std::uint32_t>(::getpid()));
  const auto cpu_after = cpu_time_at_rest(settings.server_pid);
  print(*tally, cpu_after - cpu_before, own_after - own_before);
}
