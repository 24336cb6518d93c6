// The client: asks a finger server, and shows nothing of its answer that could harm a terminal.
// Try it: ./serve   then, in another terminal: build/default/finger/finger alice@127.0.0.1 -p PORT
// It has one thing to do, so it blocks wherever it waits.

#include <fmt/format.h>
#include <langinfo.h>

#include <clocale>
#include <limits>
#include <string_view>

#include "common/server/log.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "finger/client/ask.h"
#include "finger/client/target.h"

namespace finger {
namespace {

struct Settings {
  Target target{.host = "localhost", .query = ""};
  bool verbose = false;
  bool high_bytes = false;
  bool raw = false;
  std::uint16_t port = 79;
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  ///< 0: none.
};

common::OptionLine target_line(Target& target) {
  return {.name = "target",
          .value_name = "[user]@host[@via]",
          .fallback = "",
          .meaning = "whom to ask about whom; no user: who is there",
          .takes = "[user]@host[@via] without control characters",
          .set = [&target](std::string_view text) {
            const auto parsed = Target::parse(text);
            if (parsed) target = *parsed;
            return parsed.has_value();
          }};
}

common::OptionTable option_lines(Settings& settings) {
  using common::flag_option;
  return {
      target_line(settings.target),
      flag_option("-l", "ask for the long answer", settings.verbose),
      flag_option("-8", "let every byte above 126 through", settings.high_bytes),
      flag_option("--raw", "let everything through: for a file or a pipe", settings.raw),
      common::number_option("-p", "PORT", "port of the server", settings.port, 1,
                            std::numeric_limits<std::uint16_t>::max()),
      common::duration_option("--timeout", "for all of it, from the name to the last byte; 0: none",
                              settings.timeout)};
}

/// After setlocale(3).
bool is_utf8_locale() { return std::string_view(::nl_langinfo(CODESET)) == "UTF-8"; }

Show shown(const Settings& settings) {
  if (settings.raw) return Show::everything;
  if (settings.high_bytes) return Show::high_bytes;
  return is_utf8_locale() ? Show::utf8 : Show::ascii;
}

/// From the lookup of the name to the last byte, with one deadline.
Outcome<void> run(const Settings& settings) {
  DueTime deadline;
  if (settings.timeout.count() > 0) deadline = common::Clock::now() + settings.timeout;
  const auto addresses = look_up(settings.target.host, settings.port, deadline);
  if (!addresses) return Failure(addresses.error());
  const auto server = connect_to(*addresses, deadline);
  if (!server) return Failure(server.error());
  return ask(*server, settings.target.line(settings.verbose), Filter(shown(settings)), deadline);
}

}  // namespace
}  // namespace finger

int main(int argc, char** argv) {
  finger::Settings settings;
  const common::Program program{.name = "finger",
                                .summary = "Shows what a finger server (RFC 1288) says of a user.",
                                .options = finger::option_lines(settings)};
  if (const auto status = common::parse_options(argc, argv, program)) return *status;

  (void)std::setlocale(LC_CTYPE, "");  // where it is not known, "C" stays, and ASCII
  common::prepare_process(1);
  const auto answered = finger::run(settings);
  if (answered) return 0;
  // Without words: the output has no reader, as after `finger alice@example.org | head -1`.
  if (!answered.error().empty()) {
    common::log(fmt::format("finger: {}: {}", settings.target.host, answered.error()));
  }
  return 1;
}
