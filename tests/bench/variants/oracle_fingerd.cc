// A finger daemon that tells by its time who exists: it looks for the user in a file as
// passwd(5) is, line by line, and stops where it finds the name. Nobody has opted in, and all get
// the same answer. One client at a time. Only to be measured beside fingerd.

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <fstream>
#include <limits>
#include <string>

#include "common/net/listen.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "variants/loopback.h"

namespace {

constexpr std::string_view no_such_user = "No such user.\r\n";

common::Program program(common::Options& options, std::string& passwd) {
  const auto set_passwd = [&passwd](std::string_view name) {
    passwd = name;
    return std::ifstream(passwd).good();
  };
  return {.name = "oracle_fingerd",
          .summary = "Answers finger queries, and gives away by its time who exists.",
          .options = {common::number_option("--port", "N", "port to listen on", options.port, 0,
                                            std::numeric_limits<std::uint16_t>::max()),
                      {"--passwd", "FILE", "", "who exists, as in passwd(5)",
                       "the name of a file that can be read", set_passwd}}};
}

bool exists(const std::string& passwd, std::string_view name) {
  std::ifstream file(passwd);
  for (std::string line; std::getline(file, line);) {
    if (std::string_view(line).substr(0, line.find(':')) == name) return true;
  }
  return false;
}

/// What is asked for; a query comes whole here.
std::string receive_query(const common::Fd& client) {
  std::array<char, 1024> bytes;
  const auto size = loopback::check(::recv(client.get(), bytes.data(), bytes.size(), 0), "recv");
  const std::string_view query(bytes.data(), static_cast<std::size_t>(size));
  return std::string(query.substr(0, query.find_first_of("\r\n")));
}

}  // namespace

int main(int argc, char** argv) {
  common::Options options;
  std::string passwd;
  if (const auto status = common::parse_options(argc, argv, program(options, passwd))) {
    return *status;
  }
  common::prepare_process(common::default_max_connections);
  const auto listener = common::listen_on(options.address(), common::SocketMode::blocking);
  if (!listener) return common::report_failure(options, listener.error());
  common::announce(common::Address::of_socket(*listener)->to_string());
  while (true) {
    const common::Fd client(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    loopback::check(client.get(), "accept4");
    [[maybe_unused]] const volatile bool found = exists(passwd, receive_query(client));
    loopback::check(::send(client.get(), no_such_user.data(), no_such_user.size(), MSG_NOSIGNAL),
                    "send");
  }
}
