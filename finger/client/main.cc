// The client: asks a finger server, and shows nothing of its answer that could harm a terminal.
// Try it: ./serve finger   then, elsewhere: build/default/finger/finger alice@127.0.0.1 -p PORT
// It has one thing to do, so it blocks wherever it waits.

#include <fmt/format.h>
#include <langinfo.h>

#include <clocale>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/escape.h"
#include "common/server/log.h"
#include "common/server/process.h"
#include "finger/client/ask.h"
#include "finger/client/options.h"
#include "finger/client/target.h"

namespace finger {
namespace {

/// The name of the locale that setlocale(3) looks for. Source: locale(7).
std::string_view locale_name() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* name = std::getenv(variable);
    if (name != nullptr && *name != '\0') return name;
  }
  return "C";
}

/// Whether the terminal takes UTF-8. If the locale isn't installed we trust the name, because
/// ssh(1) passes names on from the machine that has the terminal.
bool is_utf8_locale() {
  if (std::setlocale(LC_CTYPE, "") != nullptr) {
    return std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  }
  auto name = locale_name();  // language_COUNTRY.CODESET@modifier, or the CODESET alone
  name = name.substr(0, name.find('@'));
  const auto codeset = name.substr(name.rfind('.') + 1);
  return is_same_word(codeset, "UTF-8") || is_same_word(codeset, "UTF8");
}

/// Asks one target, with one deadline for everything from name lookup to last byte.
Outcome<void> ask_one(const ClientOptions& options, const Target& target, Show show) {
  DueTime deadline;
  if (options.timeout.count() > 0) deadline = common::Clock::now() + options.timeout;
  const auto port = target.port.value_or(options.port);
  const auto addresses = look_up(target.host, port, options.family, deadline);
  if (!addresses) return Failure(addresses.error());
  const auto server = connect_to(*addresses, deadline);
  if (!server) return Failure(server.error());
  return ask(*server, target.line(options.verbose), Filter(show), deadline);
}

/// Filters a name like an answer, because it may come from a link.
std::string filtered(std::string_view name, Show show) {
  std::string text;
  Filter filter(show);
  filter.take(std::as_bytes(std::span(name)), text);
  return text;
}

/// Prints the target's name above the answer, with a blank line between two answers.
Outcome<void> print_heading(const Target& target, bool is_first, Show show) {
  return print((is_first ? "[" : "\n[") + filtered(target.text, show) + "]\n");
}

/// Asks one target after the other. Returns the exit status: 0 if all answered.
int ask_all(const ClientOptions& options, const std::vector<Target>& targets) {
  // Once, before a lookup that hangs may have a thread, because setlocale(3) isn't for two threads.
  const Show safe = is_utf8_locale() ? Show::utf8 : Show::ascii;
  const Show bytes = options.high_bytes ? Show::high_bytes : safe;
  const Show show = options.raw ? Show::everything : bytes;
  int status = 0;
  for (const Target& target : targets) {
    Outcome<void> answered;
    if (targets.size() > 1) {
      answered = print_heading(target, &target == &targets.front(), show);
    }
    if (answered) answered = ask_one(options, target, show);
    if (answered) continue;
    status = 1;
    if (answered.error().empty()) break;            // the output is at fault, not this target
    const auto host = filtered(target.host, safe);  // --raw is not for standard error
    (void)common::complain(fmt::format("finger: {}: {}", host, answered.error()));
  }
  return status;
}

/// Error: the complaint about the first invalid target.
Outcome<std::vector<Target>> parse_targets(const std::vector<std::string>& texts) {
  std::vector<Target> targets;
  for (const std::string& text : texts) {
    const auto target = Target::parse(text);
    if (!target) {
      const auto quoted = common::escape(std::as_bytes(std::span(text)));
      return Failure(fmt::format("\"{}\": {}", quoted, target.error()));
    }
    targets.push_back(*target);
  }
  if (targets.empty()) targets.push_back(*Target::parse(""));
  return targets;
}

}  // namespace
}  // namespace finger

int main(int argc, char** argv) {
  finger::ClientOptions options;
  const common::Program program{.name = "finger",
                                .summary = "Asks a finger server (RFC 1288) about a user.",
                                .options = finger::option_table(options)};
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  const auto targets = finger::parse_targets(options.targets);
  if (!targets) {
    common::log(fmt::format("finger: {} (try --help)", targets.error()), common::Severity::error);
    return 2;
  }
  common::prepare_process(1, 1, {.descriptors_each = 0});
  return finger::ask_all(options, *targets);
}
