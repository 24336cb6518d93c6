#include "finger/server/workers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "common/server/log.h"
#include "uring/ring.h"

namespace finger {
namespace {

/// How many more descriptors may be opened; it stops counting at `enough`.
std::size_t free_descriptors(std::size_t enough) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return enough;  // EFAULT and EINVAL only
  std::size_t free = 0;
  for (rlim_t number = 0; number < limit.rlim_cur && free < enough; ++number) {
    if (::fcntl(static_cast<int>(number), F_GETFD) < 0) ++free;
  }
  return free;
}

/// --max-clients, or as many connections as there are descriptors for, each with its home and its
/// plan: a connection that is accepted can always open them.
std::size_t connections_max(const Options& options) {
  const std::size_t wanted = options.process.max_connections;
  // Of each worker a ring and an eventfd, one to wake the log, and two for a reload.
  std::size_t own = 2 * options.process.workers + 3;
  if (!options.process.metrics.empty()) own += uring::Metrics::scrapers_max;
  const std::size_t free = free_descriptors(own + wanted * descriptors_each);
  if (free <= own) return 1;
  return std::clamp<std::size_t>((free - own) / descriptors_each, 1, wanted);
}

}  // namespace

std::expected<std::unique_ptr<Workers>, std::string> Workers::create(
    const Options& options, common::Fd listener, RosterPointer roster, PrepareRing prepare,
    std::unique_ptr<Heartbeat> heartbeat, uring::Metrics& metrics) {
  std::unique_ptr<Workers> workers(new Workers(options, std::move(listener), std::move(roster),
                                               std::move(prepare), std::move(heartbeat), metrics));
  std::string complaint = workers->worker_group_.start(
      options.process.workers, std::bind_front(&Workers::create_server, workers.get()));
  if (!complaint.empty()) return std::unexpected(std::move(complaint));
  return workers;
}

Workers::Workers(const Options& options, common::Fd listener, RosterPointer roster,
                 PrepareRing prepare, std::unique_ptr<Heartbeat> heartbeat, uring::Metrics& metrics)
    : options_(options),
      prepare_(std::move(prepare)),
      shared_(options, connections_max(options), std::move(listener), std::move(roster),
              std::move(heartbeat), metrics),
      worker_group_(options.process, server_profile) {}

std::expected<std::unique_ptr<Server>, std::string> Workers::create_server(std::size_t i,
                                                                           const common::Fd& wake) {
  auto server = Server::create(shared_, i, wake, prepare_);
  if (!server && server.error() == Error::no_stranger) {
    return std::unexpected(server.error().message());
  }
  if (!server) return std::unexpected(uring::explain(server.error()));
  return std::move(*server);
}

void Workers::stop() {
  shared_.stopping = true;
  worker_group_.wake_all();
}

void Workers::retire() {
  shared_.retiring = true;
  worker_group_.wake_all();
}

std::string Workers::reload() {
  auto roster = load_roster(options_, *shared_.roster());
  const bool loaded = roster.has_value();
  std::string line;
  if (loaded) {
    line = fmt::format("reloaded: {} users", (*roster)->accounts.all().size());
    shared_.replace(std::move(*roster));
  } else {
    line = fmt::format("cannot reload, the old list stays: {}", roster.error().message());
  }
  common::log(line, loaded ? common::Severity::info : common::Severity::warning);
  return line;
}

}  // namespace finger
