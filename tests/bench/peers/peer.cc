#include "peers/peer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

#include "common/net/address.h"
#include "common/net/listen.h"
#include "common/server/log.h"
#include "common/server/options.h"
#include "common/server/process.h"

namespace peer {

common::Fd listen_as_told(int argc, char** argv, std::string name, std::string summary,
                          std::vector<common::OptionLine> more) {
  common::Options options;
  common::Program program{.name = std::move(name),
                          .summary = std::move(summary),
                          .options = common::stage_options(options)};
  std::erase_if(program.options, [](const common::OptionLine& line) {
    return line.name != "--host" && line.name != "--port";
  });
  std::ranges::move(more, std::back_inserter(program.options));
  if (const auto status = common::parse_options(argc, argv, program)) std::exit(*status);
  common::prepare_process(common::default_max_connections);
  auto listener = common::listen_on(options.address(), common::SocketMode::nonblocking);
  if (!listener) std::exit(common::report_failure(options, listener.error()));
  return std::move(*listener);
}

common::Fd accept_one(const common::Fd& listener) {
  while (true) {
    common::Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client || errno == EAGAIN) return client;
    if (errno != EINTR && errno != ECONNABORTED) give_up("accept4", errno);
  }
}

void announce(const common::Fd& listener) {
  const auto address = common::Address::of_socket(listener);
  if (!address) give_up("getsockname", address.error().value());
  common::announce(address->to_string());
}

void give_up(const char* what, int error) {
  common::log(fmt::format("{}: {}", what, std::strerror(error)));
  std::exit(1);
}

}  // namespace peer
