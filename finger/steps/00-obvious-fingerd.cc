// The finger daemon that most of us would write first: take a name, find the file, send it, close.
// It works at your desk, for the plans and the clients that you have there. BROKEN in nine ways at
// least: read RFC 1288 beside it, or ask it what the transcript asks.
// Try it: ./00-obvious-fingerd --port 7979 --users finger/users   and, in a second terminal,
//         printf 'alice\r\n' | ncat 127.0.0.1 7979

#include <arpa/inet.h>
#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace {

int check(int result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int listen_on(const char* host, const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) errx(2, "%s: no IPv4 address", host);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on %s:%d\n", host, ntohs(address.sin_port));
  return listener;
}

/// The line, as one read returns it.
std::string read_query(int client) {
  char buffer[128];
  const ssize_t n = read(client, buffer, sizeof buffer);
  const std::string query(buffer, n < 0 ? 0 : static_cast<std::size_t>(n));
  return query.substr(0, query.find_first_of("\r\n"));
}

std::string answer(const std::string& users, const std::string& query) {
  std::ifstream plan(users + "/" + query + "/.plan");
  if (!plan) return "Error: No such user\r\n";
  std::string text(65536, '\0');  // surely no plan is longer than that
  plan.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text.substr(0, static_cast<std::size_t>(plan.gcount()));
}

const char* option(int argc, char** argv, std::string_view name, const char* fallback) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (argv[i] == name) return argv[i + 1];
  }
  return fallback;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string users = option(argc, argv, "--users", ".");
  const int listener =
      listen_on(option(argc, argv, "--addr", "127.0.0.1"), option(argc, argv, "--port", "0"));
  while (true) {
    const int client = check(accept(listener, nullptr, nullptr), "accept");
    const std::string text = answer(users, read_query(client));
    if (write(client, text.data(), text.size()) < 0) warn("write");
    close(client);
  }
}
