#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ring_server/counters.h"
#include "ring_server/generations.h"

namespace ring_server {

/// What a program counts, and how it calls that.
struct MetricsProfile {
  std::string_view prefix;                     ///< Of each name, and of the line.
  std::string_view exchange;                   ///< What ends in an outcome: `connections`
  std::span<const std::string_view> outcomes;  ///< Names of WorkerCounters::outcomes.
  bool answers = false;                        ///< Whether there are several in a connection.
  bool buffers = false;                        ///< Whether the ring has some.
};

/// What there is to tell.
struct MetricsSource {
  std::vector<const WorkerCounters*> workers;
  std::uint64_t started_at_seconds;          ///< Unix time.
  const Generations* generations = nullptr;  ///< nullptr: a program that has none.
};

/// The counters of all workers together in Prometheus' text format, version 0.0.4.
/// Source: prometheus.io/docs/instrumenting/exposition_formats
std::string metrics_text(const MetricsProfile& profile, const MetricsSource& source);

/// The same in one line for the log. Of the times to answer, how many there were, and the bounds
/// below which half of them and 99 of 100 lie.
std::string counters_line(const MetricsProfile& profile, const MetricsSource& source);

/// A request may be that long. More is nothing that a scraper sends.
inline constexpr std::size_t scrape_bytes_max = 4096;

/// Whether a request has arrived: its head ends with an empty line, and none has a body.
bool is_whole_request(std::string_view received);

/// The answer to a request, with what `body` returns if it asks for /metrics: HTTP/1.0, after which
/// the connection is closed.
std::string answer_scrape(std::string_view request, const std::function<std::string()>& body);

}  // namespace ring_server
