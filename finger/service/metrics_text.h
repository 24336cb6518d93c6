#pragma once

#include <span>
#include <string>

#include "finger/service/counters.h"

namespace finger {

/// The counters of all workers together in Prometheus' text format, version 0.0.4.
/// Source: prometheus.io/docs/instrumenting/exposition_formats
std::string metrics_text(std::span<const WorkerCounters* const> workers,
                         const Generations& generations);

/// The same in one line for the log. Of the times to answer, how many there were, and the bounds
/// below which half of them and 99 of 100 lie.
std::string counters_line(std::span<const WorkerCounters* const> workers,
                          const Generations& generations);

}  // namespace finger
