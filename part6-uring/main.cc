// Part 6: one thread or several, each with a ring, and a coroutine for each client that has
// something to say. Try it: ./serve part6-uring   then, in another terminal:
//         printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd
// Needs Linux 6.1.

#include <fmt/format.h>

#include <fstream>

#include "common/http/http_session.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "ring_server/successor_thread.h"
#include "ring_server/takeover.h"
#include "workers.h"

namespace {

common::OptionLine ring_option(uring::Setup& setup) {
  return {.name = "--ring",
          .value_name = "LIST",
          .fallback = "",
          .meaning = "how to set up the ring, as entries=4,buffers=2",
          .takes = uring::setup_syntax,
          .set = [&setup](std::string_view list) {
            const auto parsed = uring::Setup::parse(list);
            if (!parsed) return false;
            const auto spin = setup.spin;
            setup = *parsed;
            setup.spin = spin;
            return true;
          }};
}

common::OptionLine spin_option(uring::Setup& setup) {
  return {.name = "--spin",
          .value_name = "DURATION",
          .fallback = "0",
          .meaning = "look at the ring that long before sleeping, for lower latency and a core",
          .takes = "a duration such as 250ms, 10s, 2m or 0",
          .set = [&setup](std::string_view text) {
            const auto duration = common::parse_duration(text);
            if (duration) setup.spin = *duration;
            return duration.has_value();
          }};
}

common::OptionLine trace_option(std::string& file) {
  return {.name = "--trace",
          .value_name = "FILE",
          .fallback = "",
          .meaning = "write the life of every operation there, for https://ui.perfetto.dev",
          .takes = "the name of a file that can be written",
          .set = [&file](std::string_view name) {
            file = name;
            return std::ofstream(file).good();
          }};
}

}  // namespace

int main(int argc, char** argv) {
  uring::Metrics::hold_signal();
  stage::Options options;
  common::Program program{
      .name = "part6-uring",
      .summary =
          "Echoes messages, one loop or several, each of coroutines on an io_uring.\n"
          "SIGUSR1 logs what was counted.",
      .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options.max_connections));
  program.options.push_back(
      common::workers_option("event loops, a thread each; or 1", options.workers));
  program.options.push_back(common::protocol_option(options.protocol));
  program.options.push_back(ring_server::proxy_protocol_option(options.proxies));
  program.options.push_back(ring_server::takeover_option(options.takeover));
  program.options.push_back(ring_option(options.ring));
  program.options.push_back(spin_option(options.ring));
  program.options.push_back(trace_option(options.trace_file));
  program.options.push_back(uring::metrics_option(options.metrics));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections, options.workers);

  const auto takeover = common::Takeover::begin(options.takeover, stage::listeners_max(options));
  if (!takeover) return common::complain(takeover.error());
  auto listeners = (*takeover)->listeners([&] { return stage::open_listeners(options); });
  if (!listeners) return common::report_failure(options, listeners.error());
  auto scrapers = uring::listen_for_scrapers(options.metrics, **takeover);
  if (!scrapers) return uring::report_metrics_failure(options.metrics, scrapers.error());
  const auto not_offered = (*takeover)->offer(*listeners, *scrapers);
  if (!not_offered.empty()) return common::complain(not_offered);
  uring::Metrics metrics(stage::Server::metrics_profile(), stage::listeners_max(options),
                         std::move(*scrapers));
  const auto server = stage::Workers::create(options, std::move(*listeners), metrics);
  if (!server) return common::complain(server.error());
  common::SuccessorThread successor(**takeover);
  const auto signals = common::SignalWakeup::create(options.drain_timeout, [&] {
    successor.stop();
    (*server)->stop();
  });
  if (!signals) return common::report_failure(options, signals.error());
  const auto refused = (*takeover)->confirm();
  if (!refused.empty()) return common::complain(refused);
  successor.start(options.drain_timeout, [&](pid_t) { (*server)->retire(); });
  // The port is bound and each listener has its backlog: a client that reads this line can connect.
  common::announce((*server)->address());
  return (*server)->run();
}
