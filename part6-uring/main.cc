// Part 6: one thread or several, each with a ring, and a coroutine for each client that has
// something to say. Try it: ./serve part6-uring   then, in another terminal:
//         printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd
// Needs Linux 6.1.

#include <string>
#include <string_view>

#include "common/server/options.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "workers.h"

namespace {

common::OptionLine ring_option(uring::Setup& setup) {
  return {.name = "--ring",
          .value_name = "LIST",
          .fallback = "",
          .meaning = "settings of the ring, such as entries=4,buffers=2",
          .takes = uring::setup_syntax(),
          .set = [&setup](std::string_view list) {
            const auto parsed = uring::Setup::parse(list);
            if (parsed) setup = *parsed;
            return parsed.has_value();
          }};
}

common::OptionLine trace_option(std::string& file) {
  return {.name = "--trace",
          .value_name = "FILE",
          .fallback = "",
          .meaning = "trace every operation to this file, for https://ui.perfetto.dev",
          .takes = "the name of a file",
          .set = [&file](std::string_view name) {
            file = name;
            return !file.empty();
          }};
}

}  // namespace

int main(int argc, char** argv) {
  stage::Options options;
  common::Program program{
      .name = "part6-uring",
      .summary = "Echoes messages with coroutines on an io_uring, in one loop or several.",
      .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options.max_connections));
  program.options.push_back(common::workers_option(
      "number of event loops, each in a thread of its own; default 1", options.workers));
  program.options.push_back(common::protocol_option(options.protocol));
  program.options.push_back(ring_option(options.ring));
  program.options.push_back(common::duration_option(
      "--spin", "look at the ring that long before sleeping: lower latency, at the cost of a core",
      options.spin));
  program.options.push_back(trace_option(options.trace_file));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections, options.workers);

  const auto server = stage::Workers::create(options);
  if (!server) return common::complain(server.error());
  const auto signals =
      common::SignalWakeup::create(options.drain_timeout, [&server] { (*server)->stop(); });
  if (!signals) return common::report_failure(options, signals.error());
  return (*server)->run();
}
