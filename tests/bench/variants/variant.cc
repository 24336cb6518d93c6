#include "variants/variant.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>

#include "common/net/number.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "common/server/process.h"

namespace variants {
namespace {

using Run = Numbers (*)(const Words&);

std::map<std::string_view, Run>& known() {
  static std::map<std::string_view, Run> variants;
  return variants;
}

[[noreturn]] void give_up(const std::string& why) {
  common::log(why);
  std::exit(1);
}

}  // namespace

const std::string& Words::text(std::string_view name) const {
  const auto found = words_.find(name);
  if (found == words_.end()) give_up(fmt::format("{}= is missing", name));
  return found->second;
}

std::uint32_t Words::number(std::string_view name) const {
  const auto value = common::parse_number(text(name), 0, std::numeric_limits<std::uint32_t>::max());
  if (!value) give_up(fmt::format("{}= takes a number", name));
  return static_cast<std::uint32_t>(*value);
}

std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  check(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), "clock_gettime");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::int64_t check(std::int64_t result, const char* what) {
  if (result >= 0) return result;
  common::log(fmt::format("{}: {}", what, std::strerror(errno)));
  std::exit(1);
}

Variant::Variant(std::string_view name, Run run) { known().emplace(name, run); }

}  // namespace variants

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  const auto found = variants::known().find(argc > 1 ? arguments[1] : "");
  if (found == variants::known().end()) {
    std::string usage = "usage: variants NAME word=value…; there are";
    for (const auto& [name, run] : variants::known()) usage += fmt::format(" {}", name);
    variants::give_up(usage);
  }
  std::map<std::string, std::string, std::less<>> words;
  for (const std::string_view word : arguments.subspan(2)) {
    const auto equals = std::min(word.find('='), word.size());
    words.emplace(word.substr(0, equals), word.substr(std::min(equals + 1, word.size())));
  }
  common::prepare_process(common::default_max_connections);
  std::string line;
  for (const auto& [name, value] : found->second(variants::Words(std::move(words)))) {
    line += fmt::format("{}\"{}\": {}", line.empty() ? "" : ", ", name, value);
  }
  fmt::print("{{{}}}\n", line);
}
