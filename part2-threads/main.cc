// Part 2: a thread for every client, each with the calls of part 1 that wait.
// Try it: ./serve part2-threads   then, in another terminal:
//         printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_thread.h"
#include "server.h"

int main(int argc, char** argv) {
  stage::Options options;
  common::Program program{.name = "part2-threads",
                          .summary = "Echoes messages, a thread for every client.",
                          .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options.max_connections));
  program.options.push_back(common::workers_option(
      "a fixed pool of N threads instead of one for each client", options.workers));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections);
  common::use_small_stacks();

  const auto server = stage::Server::create(options);
  if (!server) return common::report_failure(options, server.error());
  const auto signals =
      common::SignalThread::create(options.drain_timeout, [&server] { (*server)->stop(); });
  if (!signals) return common::complain(common::explain_no_thread(signals.error()));
  return (*server)->run();
}
