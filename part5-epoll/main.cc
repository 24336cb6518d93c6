// Part 5: the server of part 4 on epoll, on one thread or several: workers.{h,cc} is new.
// Try it: ./serve part5-epoll   then, in another terminal:
//         printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <utility>

#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "common/server/successor_thread.h"
#include "common/server/takeover.h"
#include "workers.h"

int main(int argc, char** argv) {
  common::Options options;
  common::Program program{.name = "part5-epoll",
                          .summary = "Echoes messages, one loop or several that wait with epoll.",
                          .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options));
  program.options.push_back(common::workers_option(options, "event loops, a thread each; or 1"));
  program.options.push_back(common::accept_option(options));
  program.options.push_back(common::protocol_option(options));
  program.options.push_back(common::proxy_protocol_option(options));
  program.options.push_back(common::takeover_option(options));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options);

  const auto takeover = common::Takeover::begin(options.takeover, stage::listeners_max(options));
  if (!takeover) return common::complain(takeover.error());
  auto listeners = (*takeover)->listeners([&] { return stage::open_listeners(options); });
  if (!listeners) return common::report_failure(options, listeners.error());
  const auto not_offered = (*takeover)->offer(*listeners);
  if (!not_offered.empty()) return common::complain(not_offered);
  const auto server = stage::Workers::create(options, std::move(*listeners));
  if (!server) return common::report_failure(options, server.error());
  common::SuccessorThread successor(**takeover);
  const auto signals = common::SignalWakeup::create(options.drain_timeout, [&] {
    successor.stop();
    (*server)->stop();
  });
  if (!signals) return common::report_failure(options, signals.error());
  const auto refused = (*takeover)->confirm();
  if (!refused.empty()) return common::complain(refused);
  successor.start(options.drain_timeout, [&](pid_t) { (*server)->retire(); });
  common::announce((*server)->address());
  return (*server)->run();
}
