// Part 1: one client at a time, with calls that wait.
// Try it: ./serve part1-blocking   then, in another terminal:
//         printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_thread.h"
#include "server.h"

int main(int argc, char** argv) {
  common::Options options;
  common::Program program{.name = "part1-blocking",
                          .summary = "Echoes messages, one client at a time.",
                          .options = common::stage_options(options)};
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(1, 1, {.descriptors_each = 0});  // it has no option to ask for less

  const auto server = stage::Server::create(options);
  if (!server) return common::report_failure(options, server.error());
  const auto signals =
      common::SignalThread::create(options.drain_timeout, [&server] { (*server)->stop(); });
  if (!signals) return common::complain(common::explain_no_thread(signals.error()));
  common::announce((*server)->address());
  const auto outcome = (*server)->run();
  return outcome ? 0 : common::report_failure(options, outcome.error());
}
