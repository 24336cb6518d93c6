// Part 6: one thread or several, each with a ring, and a coroutine for each client that has
// something to say. Try it: ./serve part6-uring   then, in another terminal:
//         printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd
// Needs Linux 6.1.

#include <fmt/format.h>

#include <fstream>
#include <utility>

#include "common/http/http_session.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "ring_server/replaceable.h"
#include "workers.h"

namespace {

common::OptionLine ring_option(uring::Setup& setup) {
  return {.name = "--ring",
          .value_name = "LIST",
          .fallback = "",
          .meaning = "how to set up the ring, as entries=4,buffers=2",
          .takes = uring::setup_syntax(),
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
  ring_server::Metrics::hold_signal();
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
  program.options.push_back(ring_server::metrics_option(options.metrics));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections, options.workers);

  const common::ServerProfile profile;
  auto sockets = ring_server::open_sockets(options, profile, stage::listeners_max(options),
                                           [&] { return stage::open_listeners(options); });
  if (!sockets) return sockets.error();
  ring_server::Metrics metrics(stage::Server::metrics_profile(), stage::listeners_max(options),
                               std::move(sockets->scrapers));
  const auto workers = stage::Workers::create(options, std::move(sockets->clients), metrics);
  if (!workers) return common::complain(workers.error());
  return ring_server::run_replaceable(options, profile, *sockets->takeover, (*workers)->address(),
                                      {.stop = [&] { (*workers)->stop(); },
                                       .retire = [&](pid_t) { (*workers)->retire(); },
                                       .run = [&] { return (*workers)->run(); }});
}
