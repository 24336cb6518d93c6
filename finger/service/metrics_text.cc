#include "finger/service/metrics.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <vector>

namespace finger {
namespace {

/// Of each name, and of the line.
constexpr std::string_view prefix = "fingerd";

/// One of the numbers that have a name in common.
struct Sample {
  std::string labels;  ///< `outcome="gone"`, or none.
  std::uint64_t value;
};

struct Family {
  std::string_view name;
  std::string_view help;
  std::vector<Sample> samples;
};

using Workers = std::span<const WorkerCounters* const>;

std::uint64_t value_of(std::uint64_t value) { return value; }
std::uint64_t value_of(const Counter& counter) { return counter.value(); }

/// Of what std::invoke() finds in each.
template <typename What>
std::uint64_t sum(Workers workers, What what) {
  std::uint64_t total = 0;
  for (const WorkerCounters* worker : workers) total += value_of(std::invoke(what, *worker));
  return total;
}

std::vector<Sample> samples_of_outcomes(Workers workers) {
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < std::size(outcome_names); ++i) {
    samples.push_back({.labels = fmt::format("outcome=\"{}\"", outcome_names[i]),
                       .value = sum(workers, [i](const WorkerCounters& each) {
                         return each.outcomes[i].value();
                       })});
  }
  return samples;
}

std::vector<Family> families(Workers workers, const Generations& process) {
  using Of = WorkerCounters;
  const auto one = [](const auto& number) { return std::vector<Sample>{{"", value_of(number)}}; };
  const auto all = [&](auto what) { return one(sum(workers, what)); };
  return {
      {"connections_open", "Connections that are open.", all(&Of::open)},
      {"connections_accepted_total", "Connections that were accepted.", all(&Of::accepted)},
      {"connections_refused_total",
       "Accepted connections that were closed because their address had too many.",
       all(&Of::refused)},
      {"connection_waits_total",
       "How often a connection had to wait in the backlog because of the limit.", all(&Of::waits)},
      {"exchanges_total", "By how they ended.", samples_of_outcomes(workers)},
      {"received_bytes_total", "Bytes from clients.", all(&Of::received_bytes)},
      {"sent_bytes_total", "Bytes to clients.", all(&Of::sent_bytes)},
      {"ring_submitted_total", "Entries that the kernel took from the rings.", all(&Of::submitted)},
      {"ring_enter_calls_total", "Calls of io_uring_enter.", all(&Of::enter_calls)},
      {"ring_completed_total", "Completions that were taken from the rings.", all(&Of::completed)},
      {"ring_overflows_total", "How often completions did not fit their queue.",
       all(&Of::overflows)},

      // Of the process, not of its connections.
      {"build_info",
       "Always 1; the version is a label.",
       {{fmt::format("version=\"{}\"", PROGRAM_VERSION), 1}}},
      {"start_time_seconds", "When it was started, in seconds since 1970.",
       one(process.started_at_seconds())},
      {"users", "Users who are served.", one(process.users())},
      {"homes_silent", "Homes in which an operation has taken more than two seconds.",
       one(process.homes_silent())},
      {"reloads_total", "Reloads that have succeeded.", one(process.reloads())},
      {"reloads_failed_total", "Reloads after which everything stayed as it was.",
       one(process.failed_reloads())}};
}

/// How many answers took no longer than each bound, and, last, how many there were.
std::vector<std::uint64_t> cumulated_times(Workers workers) {
  std::vector<std::uint64_t> counts;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= Histogram::bounds_us.size(); ++i) {
    total += sum(workers,
                 [i](const WorkerCounters& each) { return each.answer_time.bucket(i).value(); });
    counts.push_back(total);
  }
  return counts;
}

void append_histogram(std::string& text, Workers workers) {
  const auto counts = cumulated_times(workers);
  const std::uint64_t nanoseconds = sum(
      workers, [](const WorkerCounters& each) { return each.answer_time.nanoseconds().value(); });
  // Not format_to(), which would have this file compile {fmt}'s formatting once more.
  text += fmt::format("# HELP {}_answer_seconds Time to answer.\n", prefix);
  text += fmt::format("# TYPE {}_answer_seconds histogram\n", prefix);
  for (std::size_t i = 0; i < Histogram::bounds_us.size(); ++i) {
    text += fmt::format("{}_answer_seconds_bucket{{le=\"{}\"}} {}\n", prefix,
                        Histogram::bounds_us[i] / 1e6, counts[i]);
  }
  text += fmt::format("{}_answer_seconds_bucket{{le=\"+Inf\"}} {}\n", prefix, counts.back());
  text += fmt::format("{}_answer_seconds_sum {}\n", prefix, static_cast<double>(nanoseconds) / 1e9);
  text += fmt::format("{}_answer_seconds_count {}\n", prefix, counts.back());
}

/// The bound below which that share of the answers lies, as `<=0.3ms`.
std::string percentile(const std::vector<std::uint64_t>& counts, double share) {
  const double wanted = share * static_cast<double>(counts.back());
  for (std::size_t i = 0; i < Histogram::bounds_us.size(); ++i) {
    if (static_cast<double>(counts[i]) < wanted) continue;
    return fmt::format("<={}ms", Histogram::bounds_us[i] / 1e3);
  }
  return fmt::format(">{}ms", Histogram::bounds_us.back() / 1e3);
}

}  // namespace

std::string metrics_text(Workers workers, const Generations& generations) {
  std::string text;
  for (const Family& family : families(workers, generations)) {
    text += fmt::format("# HELP {}_{} {}\n", prefix, family.name, family.help);
    const auto type = family.name.ends_with("_total") ? "counter" : "gauge";
    text += fmt::format("# TYPE {}_{} {}\n", prefix, family.name, type);
    for (const auto& [labels, value] : family.samples) {
      const auto shown = labels.empty() ? "" : fmt::format("{{{}}}", labels);
      text += fmt::format("{}_{}{} {}\n", prefix, family.name, shown, value);
    }
  }
  append_histogram(text, workers);
  return text;
}

std::string counters_line(Workers workers, const Generations& generations) {
  std::string line = fmt::format("{} counters:", prefix);
  for (const Family& family : families(workers, generations)) {
    for (const auto& [labels, value] : family.samples) {
      if (labels.empty()) {
        line += fmt::format(" {}={}", family.name, value);
      } else if (value > 0) {
        line += fmt::format(" {}{{{}}}={}", family.name, labels, value);
      }
    }
  }
  const auto counts = cumulated_times(workers);
  if (counts.back() == 0) return line;
  line +=
      fmt::format(" answer_p50{} answer_p99{}", percentile(counts, 0.5), percentile(counts, 0.99));
  return line;
}

}  // namespace finger
