// Part 5: the server of part 4 on epoll, on one thread or several: workers.{h,cc} is new.
// Try it: ./serve part5-epoll   then, in another terminal:
//         printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "workers.h"

int main(int argc, char** argv) {
  stage::Options options;
  common::Program program{
      .name = "part5-epoll",
      .summary =
          "Echoes messages in one loop or several, each waiting for all its clients with epoll.",
      .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options.max_connections));
  program.options.push_back(common::workers_option(
      "number of event loops, each in a thread of its own; default 1", options.workers));
  program.options.push_back(common::choice_option<stage::AcceptHow>(
      "--accept", "HOW", "how workers share new connections: reuseport, exclusive or shared",
      options.accept,
      {{"reuseport", stage::AcceptHow::reuseport},
       {"exclusive", stage::AcceptHow::exclusive},
       {"shared", stage::AcceptHow::shared}}));
  program.options.push_back(common::protocol_option(options.protocol));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections, options.workers);

  const auto server = stage::Workers::create(options);
  if (!server) return common::report_failure(options, server.error());
  const auto signals =
      common::SignalWakeup::create(options.drain_timeout, [&server] { (*server)->stop(); });
  if (!signals) return common::report_failure(options, signals.error());
  return (*server)->run();
}
