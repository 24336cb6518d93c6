#include "finger/server/workers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "common/server/log.h"
#include "uring/why_no_ring.h"

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

/// Address space. Without a client it is 16 MiB with one worker; a list of many users needs more. A
/// slow reader of a long plan has 20 KiB, the most that a client takes.
constexpr rlim_t kib_at_rest = 16 * 1024;
constexpr rlim_t kib_each_worker = 8 * 1024;
constexpr rlim_t kib_each_client = 24;

/// --max-clients, or as many connections as there are descriptors for, each with its home and its
/// plan: a connection that is accepted can always open them.
std::size_t descriptors_allow(const Options& options) {
  const std::size_t wanted = options.max_connections;
  // Of each worker a ring and an eventfd, one to wake the log, and two for a reload.
  std::size_t own = 2 * options.workers + 3;
  if (!options.metrics.empty()) own += Metrics::scrapers_max;
  const std::size_t free = free_descriptors(own + wanted * descriptors_each);
  if (free <= own) return 1;
  return std::clamp<std::size_t>((free - own) / descriptors_each, 1, wanted);
}

/// In the thread that it will run in. Error: a line that says why not.
std::expected<std::unique_ptr<ring_server::LoopServer>, std::string> create_server(
    Shared& shared, std::size_t i, ring_server::SharedListeners listeners, const common::Fd& wake,
    const PrepareRing& prepare) {
  auto server = Server::create(shared, i, std::move(listeners), wake, prepare);
  if (!server && server.error() == Error::no_placeholder) {
    return std::unexpected(server.error().message());
  }
  if (!server) return std::unexpected(uring::why_no_ring(server.error()));
  auto lacking = (*server)->try_out();
  if (!lacking.empty()) return std::unexpected(std::move(lacking));
  return std::move(*server);
}

}  // namespace

std::string lacking_memory(const Options& options) {
  rlimit limit{};
  (void)::getrlimit(RLIMIT_AS, &limit);  // EFAULT and EINVAL only
  const rlim_t needed =
      kib_at_rest + options.workers * kib_each_worker + options.max_connections * kib_each_client;
  if (limit.rlim_cur / 1024 >= needed) return {};
  return fmt::format(
      "{} KiB of address space (ulimit -v) are too few for {} connections: {} KiB "
      "are needed, or a lower --max-clients",
      limit.rlim_cur / 1024, options.max_connections, needed);
}

std::expected<std::unique_ptr<Workers>, std::string> Workers::create(
    const Options& options, Listeners listeners, common::Fd accepts, RosterPointer roster,
    const PrepareRing& prepare, ProcessParts& parts) {
  std::unique_ptr<Workers> workers(new Workers(options, std::move(roster), parts));
  // The servers are all that hold them in the end: the last that stops accepting closes them.
  const auto both = std::make_shared<const std::pair<Listeners, common::Fd>>(std::move(listeners),
                                                                             std::move(accepts));
  const ring_server::SharedListeners shared_listeners(both, &both->first);
  std::mutex trying_out;  // two at once would find the descriptors of one client too few for both
  std::string complaint =
      workers->worker_group_.start(options.workers, [&](std::size_t i, const common::Fd& wake) {
        const std::scoped_lock alone(trying_out);
        return create_server(workers->shared_, i, shared_listeners, wake, prepare);
      });
  if (!complaint.empty()) return std::unexpected(std::move(complaint));
  return workers;
}

Workers::Workers(const Options& options, RosterPointer roster, ProcessParts& parts)
    : connections_max_(descriptors_allow(options)),
      shared_(options, connections_max_, std::move(roster), parts),
      worker_group_(shared_, server_profile) {}

void Workers::retire() {
  shared_.retiring = true;
  worker_group_.wake_all();
}

std::string Workers::reload(Generations& counted) {
  auto roster = load_roster(shared_.options, *shared_.roster());
  std::string line;
  auto severity = common::Severity::warning;
  if (roster) {
    const std::size_t before = users().users;
    const auto found = UserCount::of((*roster)->accounts);
    line = "reloaded: " + found.text(before);
    severity = found.severity_after(before);
    shared_.replace(std::move(*roster));
    counted.users().set(found.users);
    counted.reloads().add();
  } else {
    counted.failed_reloads().add();
    line = fmt::format("cannot reload, the old list stays: {}", roster.error().message());
  }
  common::log(line, severity);
  return line;
}

}  // namespace finger
