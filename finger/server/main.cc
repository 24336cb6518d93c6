// The finger daemon: a client asks for a user and gets the file .plan from that user's home.
// Try it: ./serve   then, in another terminal:   printf 'alice\r\n' | ncat 127.0.0.1 PORT
// Needs Linux 6.1.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/net/address.h"
#include "common/net/listen.h"
#include "common/server/log.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "finger/client/health.h"
#include "finger/server/options.h"
#include "finger/server/process/descriptors.h"
#include "finger/server/process/service_manager.h"
#include "finger/server/process/signal_action.h"
#include "finger/server/rights/call_filter.h"
#include "finger/server/rights/landlock.h"
#include "finger/server/rights/privileges.h"
#include "finger/server/rights/root_thread.h"
#include "finger/server/roster.h"
#include "finger/server/supervision/parent.h"
#include "finger/server/supervision/scout.h"
#include "finger/server/supervision/worker_process_and_report.h"
#include "finger/server/workers.h"
#include "finger/service/counters.h"
#include "finger/service/metrics.h"
#include "finger/service/takeover.h"

namespace {

using common::complain;
using finger::Generations;
using finger::Listeners;
using finger::ProcessParts;
using finger::ServiceManager;

int report_failure(const finger::Options& options, std::error_code error) {
  return common::report_failure(options, error, finger::server_profile);
}

/// At options.host. `::` serves IPv6 and IPv4. Without IPv6 on the machine, 0.0.0.0 takes its
/// place.
common::Result<common::Fd> listen_on(finger::Options& options) {
  auto listener = common::listen_on(options.address(), common::SocketMode::nonblocking);
  if (listener || options.host != "::") return listener;
  if (listener.error() != std::errc::address_family_not_supported &&
      listener.error() != std::errc::address_not_available) {
    return listener;
  }
  options.host = "0.0.0.0";
  return common::listen_on(options.address(), common::SocketMode::nonblocking);
}

/// A socket for each address. Where one cannot be had, options.host is the address.
common::Result<Listeners> listen_on_all(finger::Options& options) {
  Listeners listeners;
  for (const std::string& host : options.hosts) {
    options.host = host;
    auto listener = listen_on(options);
    if (!listener) return std::unexpected(listener.error());
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

/// What the daemon listens on: the sockets of the one before it, or its own. They are offered to
/// the next one already.
struct Sockets {
  std::unique_ptr<finger::Takeover> takeover;
  Listeners clients;
  common::Fd scrapers;  ///< Empty without --metrics.
};

/// Opens them, before rights are given up: an offer makes a file. Error: the exit status; it has
/// said on stderr why.
std::expected<Sockets, int> open_sockets(finger::Options& options, finger::PassedSockets passed) {
  auto takeover = finger::Takeover::begin(options.takeover);
  if (!takeover) return std::unexpected(complain(takeover.error()));
  common::Result<Listeners> clients = (*takeover)->take_listeners();
  if (clients->empty()) clients = std::move(passed.clients);
  if (clients->empty()) clients = listen_on_all(options);
  if (!clients) return std::unexpected(report_failure(options, clients.error()));
  auto scrapers = finger::listen_for_scrapers(options.metrics, **takeover);
  if (!scrapers) {
    return std::unexpected(
        complain(finger::explain_metrics_failure(options.metrics, scrapers.error())));
  }
  std::ranges::for_each(*clients, finger::restore);
  if (*scrapers) finger::restore(*scrapers);
  const auto not_offered = (*takeover)->offer(*clients, *scrapers);
  if (!not_offered.empty()) return std::unexpected(complain(not_offered));
  if (passed.scrapers) scrapers = std::move(passed.scrapers);
  return Sockets{std::move(*takeover), std::move(*clients), std::move(*scrapers)};
}

/// Where they listen, with commas between. Error: of getsockname(2).
common::Result<std::string> addresses_of(const Listeners& listeners) {
  std::vector<std::string> addresses;
  for (const common::Fd& each : listeners) {
    const auto address = common::Address::of_socket(each);
    if (!address) return std::unexpected(address.error());
    addresses.push_back(address->to_string());
  }
  return fmt::format("{}", fmt::join(addresses, ", "));
}

/// Why there is no roster, and what to do about it.
std::string explain(const finger::Options& options, std::error_code error) {
  if (error == std::errc::too_many_files_open) {
    return common::explain_no_descriptor("to read who has opted in");
  }
  if (!options.users.empty()) {
    // Started as root, the process is another user by now.
    const bool denied = error == std::errc::permission_denied;
    const auto user = denied ? fmt::format(" (uid {})", ::geteuid()) : "";
    return fmt::format("cannot read --users {}: {}{}", options.users, error.message(), user);
  }
  if (error == finger::Error::no_such_group) {
    return fmt::format("there is no group {}: make one with groupadd, or name another by --group",
                       options.group);
  }
  return fmt::format("cannot read who is in the group {}: {}", options.group, error.message());
}

/// The drain takes as long as the last conversation may, and a second more: then what is stuck is
/// given up.
std::chrono::milliseconds drain_timeout(const finger::Options& options) {
  if (options.deadline.count() == 0) return std::chrono::hours(24);
  return options.deadline + std::chrono::seconds(1);
}

/// How long a worker may take to load the roster: directory services have timeouts of their own,
/// and most are shorter.
constexpr auto start_timeout = std::chrono::seconds(30);

/// What calls `alive`, if the service manager wants to hear that.
std::unique_ptr<finger::Heartbeat> heartbeat_for(std::optional<std::chrono::microseconds> interval,
                                                 const finger::Options& options,
                                                 std::function<void()> alive) {
  if (!interval) return nullptr;
  return std::make_unique<finger::Heartbeat>(*interval, options.workers, std::move(alive));
}

/// What serves as soon as it runs, or a line that says why there is none.
using Started = std::expected<std::unique_ptr<finger::Workers>, std::string>;

/// Made with the rights of this process or, if those are root's, with the daemon account's.
Started make_alone(const finger::Options& options, Listeners clients, ProcessParts& parts) {
  auto users = finger::open_users(options);  // while still root: it may, wherever it is
  if (!users) return std::unexpected(explain(options, users.error()));
  std::optional<finger::HomeFence> fence;  // not with accounts: SIGHUP reads them in this process
  if (*users) fence = finger::HomeFence::of_directory(options.users);
  auto complaint = finger::give_rights_up(options.user);
  if (!complaint.empty()) return std::unexpected(std::move(complaint));
  if (fence) fence->put_up();
  fence.reset();  // the clients need its descriptor

  auto roster = finger::load_roster(options, std::move(*users));
  if (!roster) return std::unexpected(explain(options, roster.error()));
  return finger::Workers::create(
      options, std::move(clients), common::Fd(), std::move(*roster),
      [](uring::Loop& loop, const finger::Accounts&) -> finger::Result<std::vector<std::uint16_t>> {
        const auto restricted = finger::restrict_ring(loop.ring());
        if (!restricted) return std::unexpected(restricted.error());
        return {};
      },
      parts);
}

/// Made by root, which is given up, with credentials to open each plan as its owner.
Started make_with_owners(const finger::Options& options, Listeners clients, finger::Report& report,
                         ProcessParts& parts) {
  finger::HomeFence fence;
  auto scout = finger::Scout::start(fence, report.take_news(), report.silent());
  if (!scout) return std::unexpected(scout.error());
  auto root = finger::RootThread::start(options.user);
  if (!root) return std::unexpected(root.error());
  auto roster = finger::load_roster(options, common::Fd());
  if (!roster) return std::unexpected(explain(options, roster.error()));
  scout->look_for((*roster)->accounts);
  (*root)->put_up(std::move(fence));
  auto workers = finger::Workers::create(
      options, std::move(clients), report.take_accepts(), std::move(*roster),
      [&root](uring::Loop& loop, const finger::Accounts& accounts) {
        return (*root)->prepare(loop, accounts);
      },
      parts);
  root->reset();
  return workers;
}

/// Once for the daemon, not for each of its workers.
void tell_lowered_limit(const finger::Options& options, const finger::Workers& workers) {
  const std::size_t wanted = options.max_connections;
  if (workers.connections_max() == wanted) return;
  common::log(fmt::format("{} connections at once instead of --max-clients {}, for want of "
                          "descriptors: raise LimitNOFILE= (ulimit -Hn)",
                          workers.connections_max(), wanted),
              common::Severity::warning);
}

/// Does all that comes before the ready line, and says what would be served.
int check_config(finger::Options& options, bool as_root, Generations& generations) {
  std::vector<std::string> places;
  Listeners listeners;
  for (const std::string& host : options.hosts) {
    options.host = host;
    auto listener = listen_on(options);
    const char* about_port = "";
    if (!listener && listener.error() == std::errc::address_in_use) {
      about_port = " (which is taken: by systemd, or a server that has to stop)";
    } else if (!listener && listener.error() == std::errc::address_family_not_supported) {
      // As in the unit, where ExecStartPre= is not passed the socket that ExecStart= is.
      about_port = " (where systemd has to listen: this process may not)";
    } else if (!listener) {
      return report_failure(options, listener.error());
    }
    places.push_back(options.address().to_string() + about_port);
    listeners.push_back(listener ? std::move(*listener) : common::Fd());
  }
  // These take as many descriptors as they do where it serves.
  ProcessParts parts{.metrics{generations, std::nullopt, options.workers, common::Fd()}};
  auto pipes = as_root ? finger::Report::make_pipes() : finger::Report::Ends();
  if (!pipes) return complain(common::explain_no_descriptor("to talk to a worker"));
  pipes->worker.news = {};  // a Scout ends when there is no parent to read it
  pipes->parent = {};
  finger::Report to_nobody(std::move(pipes->worker), {});
  const auto workers = as_root ? make_with_owners(options, std::move(listeners), to_nobody, parts)
                               : make_alone(options, std::move(listeners), parts);
  if (!workers) return complain(workers.error());
  tell_lowered_limit(options, **workers);
  std::puts(fmt::format("would serve at {}, with {} connections at the same time: {}",
                        fmt::join(places, ", "), (*workers)->connections_max(),
                        (*workers)->users().text())
                .c_str());
  return 0;
}

/// Serves in this process.
int run_alone(const finger::Options& options, const ServiceManager& manager, Sockets sockets,
              const std::string& addresses, finger::BusyHomes& busy, Generations& generations) {
  const auto alive = [&manager] { manager.alive(); };
  ProcessParts parts{
      .metrics{generations, generations.begin(), options.workers, std::move(sockets.scrapers)},
      .busy = &busy,
      .heartbeat = heartbeat_for(manager.watchdog_interval(), options, alive)};
  const auto workers = make_alone(options, std::move(sockets.clients), parts);
  if (!workers) return complain(workers.error());
  tell_lowered_limit(options, **workers);
  generations.users().set((*workers)->users().users);
  const auto actions = finger::SignalAction::create({SIGHUP}, [&](int /*signal*/) {
    manager.reloading();
    manager.ready((*workers)->reload(generations));
  });
  if (!actions) return complain(actions.error());
  finger::SuccessorThread successor(*sockets.takeover);
  const auto signals = common::SignalWakeup::create(options.drain_timeout, [&] {
    successor.stop();
    manager.stopping();
    (*workers)->stop();
  });
  if (!signals) return report_failure(options, signals.error());
  const auto refused = sockets.takeover->confirm();
  if (!refused.empty()) return complain(refused);
  successor.start(options.drain_timeout, [&](pid_t process) {
    manager.succeeded_by(process);
    (*workers)->retire();
  });
  // The port is bound and each listener has its backlog: a client that reads this line can connect.
  common::announce(addresses);
  // Accounts are looked up in this process, and who is asked for them is not ours to say.
  if (!options.users.empty()) finger::filter_calls(successor.is_started());
  manager.ready("serving");
  return (*workers)->run();
}

/// Serves in a process of its own, which gives root up and opens each plan as its owner.
int run_worker(const finger::Options& options, Listeners clients, finger::Report& report,
               ProcessParts& parts,
               const std::function<void(const finger::Workers&)>& before_serving) {
  const auto workers = make_with_owners(options, std::move(clients), report, parts);
  if (!workers) return report.failed(workers.error());
  const auto signals =
      common::SignalWakeup::create(options.drain_timeout, [&workers] { (*workers)->stop(); });
  if (!signals) return report.failed(signals.error().message());
  const auto actions = finger::SignalAction::create(
      {finger::Parent::retire_signal, finger::Parent::drain_signal}, [&](int signal) {
        if (signal == finger::Parent::retire_signal) return (*workers)->retire();
        (*workers)->stop();
      });
  if (!actions) return report.failed(actions.error());
  const auto not_held = report.hold_lifeline();
  if (!not_held.empty()) return report.failed(not_held);
  finger::filter_calls(false);  // the parent does what a hand-over takes
  before_serving(**workers);
  if (!report.ready((*workers)->users())) return 1;
  return (*workers)->run();
}

int run_parent(const finger::Options& options, ServiceManager manager, Sockets sockets,
               const std::string& addresses, finger::BusyHomes& busy, Generations& generations) {
  const auto watchdog = manager.watchdog_interval();
  bool is_first = true;
  finger::Parent parent(
      std::move(sockets.clients), {.start = start_timeout, .drain = options.drain_timeout},
      [&](Listeners clients, finger::Report& report) {
        // In the worker: what is moved here stays in the parent.
        ProcessParts parts{
            .metrics{generations, generations.begin(), options.workers,
                     std::move(sockets.scrapers)},
            .busy = &busy,
            .heartbeat = heartbeat_for(watchdog, options, [&report] { report.alive(); })};
        return run_worker(options, std::move(clients), report, parts,
                          [&](const finger::Workers& workers) {
                            if (is_first) tell_lowered_limit(options, workers);
                            generations.users().set(workers.users().users);
                          });
      },
      [&] {
        is_first = false;
        common::announce(addresses);
      },
      std::move(manager), std::move(sockets.takeover), generations, busy);
  const auto status = parent.run();
  return status ? *status : report_failure(options, status.error());
}

}  // namespace

int main(int argc, char** argv) {
  finger::SignalAction::hold(
      {SIGHUP, SIGUSR1, finger::Parent::retire_signal, finger::Parent::drain_signal});
  finger::Options options;
  const common::Program program{
      .name = "fingerd",
      .summary =
          "Answers finger queries (RFC 1288) with the plans of those who have opted in.\n"
          "SIGHUP loads them anew, SIGUSR1 logs what was counted.",
      .options = finger::option_table(options)};
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  if (options.health) return finger::check_health(*options.health);
  options.drain_timeout = drain_timeout(options);
  if (const auto lacking = finger::lacking_memory(options); !lacking.empty()) {
    return complain(lacking);
  }
  const bool as_root = options.users.empty() && ::geteuid() == 0;
  auto passed = finger::take_passed_sockets();
  if (!passed) return complain(passed.error());
  finger::close_inherited_descriptors(*passed);
  common::prepare_process(options.max_connections, options.workers, finger::server_profile);
  const finger::Options unset;
  const bool is_place_chosen = options.hosts != unset.hosts || options.port != unset.port;
  if (!passed->clients.empty() && is_place_chosen) {
    common::log(
        "the socket unit says where to listen (ListenStream=): --addr and --port are ignored",
        common::Severity::warning);
  }

  const auto generations = Generations::create(options.workers);
  if (!generations) return complain("no memory to count in: " + generations.error().message());
  if (options.check_config) return check_config(options, as_root, **generations);

  auto manager = ServiceManager::from_environment();
  // Now: a worker that has given its rights up may not bind, nor make a file.
  auto sockets = open_sockets(options, std::move(*passed));
  if (!sockets) return sockets.error();
  const auto addresses = addresses_of(sockets->clients);
  if (!addresses) return report_failure(options, addresses.error());

  auto busy = finger::BusyHomes::create();
  if (!busy) return complain("no memory for the homes: " + busy.error().message());

  if (!as_root) {
    return run_alone(options, manager, std::move(*sockets), *addresses, *busy, **generations);
  }
  return run_parent(options, std::move(manager), std::move(*sockets), *addresses, *busy,
                    **generations);
}
