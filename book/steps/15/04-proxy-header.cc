// The PROXY protocol, versions 1 and 2: a proxy tells the server, in front of the client's bytes,
// who the client is. Headers are read whole and cut at every byte, and a stranger sends one, too.
// Try it: ./04-proxy-header, and ./04-proxy-header trusting

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace {

using namespace std::string_view_literals;

enum class State { more, bad, complete };

struct Header {
  State state = State::bad;
  std::size_t size = 0;     // the client's own bytes begin here
  std::string client = {};  // empty: the peer itself, as in a health check
};

constexpr std::string_view line_begin = "PROXY ";
constexpr std::size_t line_bytes_max = 107;
constexpr std::string_view signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t fixed_bytes = 16;  // the signature, version, family and length

bool is_address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(family, text.c_str(), bytes.data()) == 1;
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), port);
  return error == std::errc() && end == text.end();
}

/// The next word of a line, which is cut off.
std::string take_word(std::string_view& line) {
  const std::string word(line.substr(0, line.find(' ')));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

/// PROXY TCP4 192.0.2.7 198.51.100.1 51000 79
Header parse_line(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, line_bytes_max).find("\r\n");
  if (end == bytes.npos) return {bytes.size() < line_bytes_max ? State::more : State::bad};
  std::string_view line = bytes.substr(line_begin.size(), end - line_begin.size());
  const std::string family = take_word(line);
  if (family == "UNKNOWN") return {State::complete, end + 2};
  if (family != "TCP4" && family != "TCP6") return {};
  const int number = family == "TCP4" ? AF_INET : AF_INET6;
  const std::string client = take_word(line);
  const std::string server = take_word(line);
  const std::string port = take_word(line);
  if (!is_address(number, client) || !is_address(number, server)) return {};
  if (!is_port(port) || !is_port(line)) return {};
  return {State::complete, end + 2, client + " " + port};
}

Header parse_binary(std::string_view bytes) {
  if (bytes.size() < fixed_bytes) return {State::more};
  const auto byte = [bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const std::size_t size = fixed_bytes + byte(14) * 256 + byte(15);
  const bool is_local = byte(12) == 0x20;
  if (!is_local && byte(12) != 0x21) return {};
  if (!is_local && (byte(13) >> 4 > 3 || (byte(13) & 15) > 2)) return {};  // no family, transport
  const bool is_4 = byte(13) == 0x11;
  const std::size_t address_bytes = is_4 ? 4 : 16;
  const bool names_client = !is_local && (is_4 || byte(13) == 0x21);
  if (names_client && size < fixed_bytes + 2 * address_bytes + 4) return {};
  if (bytes.size() < size) return {State::more};
  if (!names_client) return {State::complete, size};
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_4 ? AF_INET : AF_INET6, &bytes[fixed_bytes], text.data(), text.size());
  const std::size_t port = fixed_bytes + 2 * address_bytes;
  return {State::complete, size,
          text.data() + (" " + std::to_string(byte(port) * 256 + byte(port + 1)))};
}

Header parse(std::string_view bytes) {
  if (bytes.starts_with(line_begin)) return parse_line(bytes);
  if (bytes.starts_with(signature)) return parse_binary(bytes);
  const bool may_become_one = line_begin.starts_with(bytes) || signature.starts_with(bytes);
  return {may_become_one ? State::more : State::bad};
}

void show(const char* what, std::string_view bytes) {
  const Header header = parse(bytes);
  std::printf("%-26s ", what);
  if (header.state == State::bad) std::puts("refused");
  if (header.state == State::more) std::puts("more is needed");
  if (header.state != State::complete) return;
  const char* const client = header.client.empty() ? "the peer itself" : header.client.c_str();
  std::printf("%zu bytes, then %s, from %s\n", header.size,
              std::string(bytes.substr(header.size)).c_str(), client);
  for (std::size_t n = 0; n < header.size; ++n) {
    if (parse(bytes.substr(0, n)).state != State::more) std::printf("wrong after %zu bytes\n", n);
  }
}

constexpr std::string_view proxy = "10.0.0.2";
bool is_trusting = false;  // the broken form: believes a header from anywhere

/// The client's address, for logs and limits. Only a proxy of ours is believed.
std::string client_of(std::string_view peer, std::string_view bytes) {
  if (peer != proxy && !is_trusting) return std::string(peer);
  const Header header = parse(bytes);
  if (header.state == State::more) return "not known yet";
  if (header.state == State::bad) return "nobody: closed";
  return header.client.empty() ? std::string(peer) : header.client;
}

std::string binary(std::string_view fixed, std::string_view rest) {
  return std::string(signature).append(fixed).append(rest);
}

}  // namespace

int main(int argc, char**) {
  is_trusting = argc > 1;
  constexpr auto line = "PROXY TCP4 192.0.2.7 198.51.100.1 51000 79\r\nhi"sv;
  show("v1", line);
  show("v1, IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 51000 79\r\nhi");
  show("v1, it does not know", "PROXY UNKNOWN\r\nhi");
  show("v2", binary("\x21\x11\0\x0c"sv, "\xc0\0\2\7\xc6\x33\x64\1\xc7\x38\0\x4fhi"sv));
  show("v2, IPv6", binary("\x21\x21\0\x24"sv,
                          "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"
                          "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                          "\xc7\x38\0\x4fhi"sv));
  show("v2, a health check", binary("\x20\0\0\0"sv, "hi"));
  show("v2, a Unix socket", binary("\x21\x31\0\xd8"sv, std::string(216, '/') + "hi"));
  show("v2, half of it", binary("\x21\x11\0\x0c"sv, "\xc0\0\2\7"sv));
  show("v2, room for no address", binary("\x21\x11\0\4"sv, "\xc0\0\2\7hi"sv));
  show("v2, a family of 4", binary("\x21\x41\0\4"sv, "\xc0\0\2\7hi"sv));
  show("v1, without an end", "PROXY " + std::string(200, ' '));
  show("v1, port 65536", "PROXY TCP4 192.0.2.7 198.51.100.1 65536 79\r\nhi");
  show("none", "alice\r\n");
  std::printf("the proxy says so:  %s\n", client_of("10.0.0.2", line).c_str());
  std::printf("half of a header:   %s\n", client_of("10.0.0.2", line.substr(0, 20)).c_str());
  std::printf("a stranger says so: %s\n", client_of("203.0.113.9", line).c_str());
}
