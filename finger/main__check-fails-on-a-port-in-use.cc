// The finger daemon: a client asks for a user and gets the file .plan from that user's home.
// Try it: ./serve finger   then, in another terminal:   printf 'alice\r\n' | ncat 127.0.0.1 PORT
// Needs Linux 6.1.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/net/address.h"
#include "common/net/listen.h"
#include "common/server/log.h"
#include "common/server/print.h"
#include "common/server/process.h"
#include "finger/process/descriptors.h"
#include "finger/process/parent.h"
#include "finger/process/service_manager.h"
#include "finger/rights/owners.h"
#include "finger/server/options.h"
#include "finger/worker.h"

namespace {

using common::complain;
using finger::Options;

int report_failure(const Options& options, std::error_code error) {
  return common::report_failure(options, error, finger::server_profile);
}

/// Listens on options.host. `::` serves IPv6 and IPv4; on a machine without IPv6, we use 0.0.0.0.
common::Result<common::Fd> listen_on(Options& options) {
  auto listener = common::listen_on(options.address(), common::SocketMode::nonblocking);
  if (listener || options.host != "::") return listener;
  if (listener.error() != std::errc::address_family_not_supported &&
      listener.error() != std::errc::address_not_available) {
    return listener;
  }
  options.host = "0.0.0.0";
  return common::listen_on(options.address(), common::SocketMode::nonblocking);
}

/// Listens on a socket of our own if no service manager passed any. Call this before giving up
/// rights, because bind(2) may need them. Errors: of bind(2) and listen(2).
common::Status provide_listeners(Options& options, std::vector<common::Fd>& listeners) {
  if (listeners.empty()) {
    auto listener = listen_on(options);
    if (!listener) return std::unexpected(listener.error());
    listeners.push_back(std::move(*listener));
    return {};
  }
  const Options defaults;
  if (options.host != defaults.host || options.port != defaults.port) {
    common::log(
        "the socket unit says where to listen (ListenStream=): --addr and --port are ignored",
        common::Severity::warning);
  }
  return {};
}

/// The addresses of the listeners, with commas between. Error: of getsockname(2).
common::Result<std::string> addresses_of(const std::vector<common::Fd>& listeners) {
  std::vector<std::string> addresses;
  for (const common::Fd& each : listeners) {
    const auto address = common::Address::of_socket(each);
    if (!address) return std::unexpected(address.error());
    addresses.push_back(address->to_string());
  }
  return fmt::format("{}", fmt::join(addresses, ", "));
}

/// How long a drain may take, which is a second more than the last conversation.
std::chrono::milliseconds drain_timeout(const Options& options) {
  if (options.deadline.count() == 0) return std::chrono::hours(24);
  return options.deadline + std::chrono::seconds(1);
}

/// Counts the descriptors for clients, and lowers --max-clients if there aren't enough for each
/// client and its files.
void fit_to_descriptors(Options& options, std::size_t listeners) {
  const rlim_t own = 10 + listeners;  // standard streams, the ring, the parent, --users
  rlimit limit{};
  (void)::getrlimit(RLIMIT_NOFILE, &limit);  // EFAULT and EINVAL only
  const rlim_t left = limit.rlim_cur > own ? limit.rlim_cur - own : 0;
  // "unlimited" has 64 bits even if a size has 32.
  options.descriptors = static_cast<std::size_t>(std::min<rlim_t>(left, SIZE_MAX));
  const auto most = std::max<std::size_t>(1, options.descriptors / finger::descriptors_each);
  if (most >= options.max_connections) return;
  common::log(fmt::format("--max-clients is {} instead of {}, for want of descriptors: raise "
                          "LimitNOFILE= (ulimit -Hn)",
                          most, options.max_connections),
              common::Severity::warning);
  options.max_connections = most;
}

/// Prints what would be served. Does everything that a worker does before serving, in this process.
int check_config(const Options& options, std::span<const common::Fd> listeners,
                 const common::Status& listening) {
  const char* about_port = "";
  if (false) {
    about_port = " (already taken, by systemd or another server)";
  } else if (!listening && listening.error() == std::errc::address_family_not_supported) {
    // In the unit, for example, ExecStart= gets the socket, but ExecStartPre= does not.
    about_port = " (where systemd has to listen: this process may not)";
  } else if (!listening) {
    return report_failure(options, listening.error());
  }
  const auto server = finger::prepare(options, listeners, finger::Control(common::Fd()));
  if (!server) return complain(server.error());
  const auto printed = common::print(fmt::format(
      "would serve at {}{}, with --max-clients {}: {}\n", options.address().to_string(), about_port,
      options.max_connections, finger::describe((*server)->roster().accounts)));
  // If standard output is closed there is no reader, and the status is enough.
  if (printed || printed.error() == std::errc::bad_file_descriptor) return 0;
  return complain("cannot write to standard output: " + printed.error().message());
}

int serve(const Options& options, std::vector<common::Fd> listeners,
          finger::ServiceManager manager) {
  const auto addresses = addresses_of(listeners);
  if (!addresses) return report_failure(options, addresses.error());
  // A client's socket inherits this, so the kernel holds less of an answer than the four megabytes
  // of net.ipv4.tcp_wmem. setsockopt(2) can't fail on these sockets. socket(7)
  constexpr int send_buffer_bytes = 128 * 1024;
  for (const common::Fd& each : listeners) {
    (void)::setsockopt(each.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(int));
  }
  finger::Parent parent({.listeners = std::move(listeners),
                         .limits = {.drain = drain_timeout(options)},
                         .run_worker = std::bind_front(finger::run_worker, std::cref(options)),
                         .announce = [&addresses] { common::announce(*addresses); },
                         .manager = std::move(manager)});
  return parent.run();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const common::Program program{
      .name = "fingerd",
      .summary =
          "Answers finger queries (RFC 1288) with the plans of those who have opted in.\n"
          "SIGHUP rereads the users; SIGUSR1 logs the counters; SIGTERM stops it; SIGQUIT stops it "
          "when its clients have left.",
      .options = finger::option_table(options)};
  finger::Parent::hold_signals();  // as early as possible, because SIGHUP would end us
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  // Signals end a check, even during a wait for the account database.
  if (options.check_config) finger::Parent::hold_signals(false);
  const bool is_root = ::geteuid() == 0;
  if (!is_root && !options.user.empty()) {
    return complain(fmt::format("only root can become --user {}", options.user));
  }

  common::prepare_process(options.max_connections, 1, finger::server_profile);
  auto listeners = finger::take_passed_sockets();
  if (!listeners) return complain(listeners.error());
  finger::close_inherited_descriptors(*listeners);
  finger::forbid_tracing();
  fit_to_descriptors(options, std::max<std::size_t>(1, listeners->size()));
  auto manager = finger::ServiceManager::from_environment();
  const auto listening = provide_listeners(options, *listeners);
  if (!listening && !options.check_config) {
    auto why = common::explain_failure(options, listening.error(), finger::server_profile);
    // systemd drops the sockets of a unit that was edited, and passes none until it is restarted.
    if (manager) {
      why.insert(0, "no socket from the service manager (systemctl restart fingerd.socket): ");
    }
    return complain(why);
  }
  if (is_root && !options.source.users.empty()) {
    // Nothing needs root once we listen, so no process runs as root.
    const auto user = finger::user_to_become(options.user);
    if (!user) return complain(user.error());
    const auto became = finger::become(*user);
    if (!became) return complain(became.error());
  }
  if (!is_root && options.source.users.empty()) {
    common::log("started without root: only plans that this account may read are served",
                common::Severity::warning);
  }
  const bool is_chosen = options.query_timeout != Options().query_timeout;
  if (is_chosen && options.deadline.count() > 0 && options.query_timeout > options.deadline) {
    common::log("--query-timeout is longer than --deadline, so --deadline limits the query",
                common::Severity::warning);
  }
  if (options.check_config) return check_config(options, *listeners, listening);
  return serve(options, std::move(*listeners), std::move(manager));
}
