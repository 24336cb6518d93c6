// What the command line says.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
  int port = 5882;
  std::size_t max_connections = 4096;
  std::size_t max_message = 65536;
  unsigned workers = 1;
  std::string_view protocol = "echo";
  Clock::duration read_timeout = 60s;
  Clock::duration drain_timeout = 5s;
};

// 300ms, 10s, 2m or 0.
inline Clock::duration read_duration(const char* text) {
  char* unit = nullptr;
  const auto number = std::strtol(text, &unit, 10);
  if (number == 0) {
    return Clock::duration::zero();
  }
  return *unit == 's'     ? std::chrono::seconds(number)
         : unit[1] == 's' ? Clock::duration(std::chrono::milliseconds(number))
                          : std::chrono::minutes(number);
}

// --port 5882 and the like.
inline Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--port") {
      options.port = std::atoi(argv[i + 1]);
    } else if (name == "--max-connections") {
      options.max_connections = std::strtoul(argv[i + 1], nullptr, 10);
    } else if (name == "--max-message") {
      options.max_message = std::strtoul(argv[i + 1], nullptr, 10);
    } else if (name == "--protocol") {
      options.protocol = argv[i + 1];
    } else if (name == "--workers") {
      options.workers = static_cast<unsigned>(std::atoi(argv[i + 1]));
    } else if (name == "--read-timeout") {
      options.read_timeout = read_duration(argv[i + 1]);
    } else if (name == "--drain-timeout") {
      options.drain_timeout = read_duration(argv[i + 1]);
    } else {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      std::exit(2);
    }
  }
  return options;
}
