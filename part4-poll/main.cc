// Part 4: the kernel says which client is ready: poller.{h,cc} is new.
// Try it: ./serve part4-poll   then, in another terminal:
//         printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "server.h"

int main(int argc, char** argv) {
  stage::Options options;
  common::Program program{
      .name = "part4-poll",
      .summary = "Echoes messages, one thread that waits for all clients with poll.",
      .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options.max_connections));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections);

  const auto server = stage::Server::create(options);
  if (!server) return common::report_failure(options, server.error());
  const auto signals =
      common::SignalWakeup::create(options.drain_timeout, [&server] { (*server)->stop(); });
  if (!signals) return common::report_failure(options, signals.error());
  common::announce((*server)->address());
  const auto outcome = (*server)->run();
  return outcome ? 0 : common::report_failure(options, outcome.error());
}
