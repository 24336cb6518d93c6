// fingerd once more, as a state machine written by hand: no coroutines, a loop of its own, plain
// liburing. What a conversation does is in table.h, as data; how, in client.cc; server.cc takes
// completions and runs the machine on one thread. Compare with finger/server/serve.cc.
// It serves a directory of users and drops no privileges: for looking at, not for the internet.
// Try it: ./fingerd-machine --port 7979 --users finger/users   and, in a second terminal,
//         printf 'alice\r\n' | ncat 127.0.0.1 7979
// Needs Linux 6.1.

#include <cstdio>
#include <limits>
#include <utility>

#include "common/net/listen.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "finger/steps/machine/server.h"
#include "finger/steps/machine/table.h"

namespace {

constexpr common::ServerProfile server_profile{
    .address = "--addr", .connections = "--max-clients", .descriptors_each = 3};

common::OptionTable option_table(machine::Options& options, bool& print_table) {
  common::OptionLine users{.name = "--users",
                           .value_name = "DIR",
                           .fallback = "",
                           .meaning = "serve DIR/NAME/.plan",
                           .takes = "the name of a directory",
                           .set = [&options](std::string_view text) {
                             options.users = text;
                             return !text.empty();
                           }};
  common::Options& process = options.process;
  return {
      common::address_option("--addr", "address to listen on; :: serves IPv6 and IPv4",
                             process.host),
      common::number_option("--port", "N", "port to listen on; 0 asks the kernel for a free one",
                            process.port, 0, std::numeric_limits<std::uint16_t>::max()),
      std::move(users),
      common::number_option("--max-clients", "N", "connections at once; more wait in the backlog",
                            options.max_clients, 1, 1'000'000),
      common::duration_option("--deadline", "for a whole exchange; 0: none", options.deadline),
      common::flag_option("--quiet", "no line for each exchange on stderr", options.quiet),
      common::flag_option("--print-table", "print the transition table as a figure, and exit",
                          print_table),
  };
}

/// Without IPv6 on the machine, every address it has is an IPv4 one.
common::Result<common::Fd> listen_on(common::Options& options) {
  auto listener =
      common::listen_on(options.address(), common::SocketMode::blocking);  // the ring waits for it
  if (!listener && listener.error() == std::errc::address_family_not_supported &&
      options.host == "::") {
    options.host = "0.0.0.0";
    listener = common::listen_on(options.address(), common::SocketMode::blocking);
  }
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  machine::Options options;
  bool print_table = false;
  const common::Program program{.name = "fingerd-machine",
                                .summary = "A finger daemon, as a state machine on an io_uring.",
                                .options = option_table(options, print_table)};
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  if (print_table) {
    std::fputs(machine::figure().c_str(), stdout);
    return 0;
  }
  if (options.users.empty()) {
    common::log("fingerd-machine: --users: takes the name of a directory (try --help)");
    return 2;
  }
  common::prepare_process(options.max_clients, 1, server_profile);

  auto listener = listen_on(options.process);
  if (!listener) return common::report_failure(options.process, listener.error(), server_profile);
  const auto server = machine::Server::create(options, std::move(*listener));
  if (!server) {
    common::log("fingerd-machine: " + server.error());
    return 1;
  }
  const auto signals =
      common::SignalWakeup::create(options.drain_timeout(), [&server] { (*server)->stop(); });
  if (!signals) return common::report_failure(options.process, signals.error(), server_profile);
  common::announce((*server)->address());
  const auto outcome = (*server)->run();
  return outcome ? 0 : common::report_failure(options.process, outcome.error(), server_profile);
}
