// The client: asks a finger server, and shows nothing of its answer that could harm a terminal.
// Try it: ./serve   then, in another terminal: build/default/finger/finger alice@127.0.0.1 -p PORT
// It has one thing to do, so it blocks wherever it waits.

#include <fmt/format.h>
#include <langinfo.h>

#include <clocale>
#include <string_view>

#include "common/server/log.h"
#include "common/server/process.h"
#include "finger/client/ask.h"
#include "finger/client/options.h"

namespace finger {
namespace {

/// After setlocale(3).
bool is_utf8_locale() { return std::string_view(::nl_langinfo(CODESET)) == "UTF-8"; }

Show shown(const ClientOptions& options) {
  if (options.raw) return Show::everything;
  if (options.high_bytes) return Show::high_bytes;
  return is_utf8_locale() ? Show::utf8 : Show::ascii;
}

/// From the lookup of the name to the last byte, with one deadline.
Outcome<void> run(const ClientOptions& options) {
  DueTime deadline;
  if (options.timeout.count() > 0) deadline = common::Clock::now() + options.timeout;
  const auto addresses = look_up(options.target.host, options.port, deadline);
  if (!addresses) return Failure(addresses.error());
  const auto server = connect_to(*addresses, deadline);
  if (!server) return Failure(server.error());
  return ask(*server, options.target.line(options.verbose), Filter(shown(options)), deadline);
}

}  // namespace
}  // namespace finger

int main(int argc, char** argv) {
  finger::ClientOptions options;
  const common::Program program{.name = "finger",
                                .summary = "Shows what a finger server (RFC 1288) says of a user.",
                                .options = finger::option_table(options)};
  if (const auto status = common::parse_options(argc, argv, program)) return *status;

  (void)std::setlocale(LC_CTYPE, "");  // where it is not known, "C" stays, and ASCII
  common::prepare_process(1);
  const auto answered = finger::run(options);
  if (answered) return 0;
  // Without words: the output has no reader, as after `finger alice@example.org | head -1`.
  if (!answered.error().empty()) {
    common::log(fmt::format("finger: {}: {}", options.target.host, answered.error()));
  }
  return 1;
}
