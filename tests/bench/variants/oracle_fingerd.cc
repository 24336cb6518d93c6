// A finger daemon that tells by its time who exists: it looks for the user in a file as
// passwd(5) is, line by line, and stops where it finds the name. Nobody has opted in, and all get
// the same answer. One client at a time. Only to be measured beside fingerd.
// Try it: ./variants oracle_fingerd passwd=/etc/passwd

#include <sys/socket.h>

#include <array>
#include <fstream>

#include "common/net/listen.h"
#include "common/server/process.h"
#include "variants/check.h"
#include "variants/variant.h"

namespace {

using variants::check;

constexpr std::string_view no_such_user = "No such user.\r\n";

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
  const auto size = check(::recv(client.get(), bytes.data(), bytes.size(), 0), "recv");
  const std::string_view query(bytes.data(), static_cast<std::size_t>(size));
  return std::string(query.substr(0, query.find_first_of("\r\n")));
}

[[noreturn]] variants::Numbers oracle_fingerd(const variants::Words& words) {
  const auto listener =
      common::listen_on(*common::Address::parse("127.0.0.1", 0), common::SocketMode::blocking);
  check(listener ? 0 : -1, "listen");
  common::announce(common::Address::of_socket(*listener)->to_string());
  while (true) {
    const common::Fd client(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    check(client.get(), "accept4");
    [[maybe_unused]] const volatile bool found =
        exists(words.text("passwd"), receive_query(client));
    check(::send(client.get(), no_such_user.data(), no_such_user.size(), MSG_NOSIGNAL), "send");
  }
}

const variants::Variant known("oracle_fingerd", oracle_fingerd);

}  // namespace
