#include "common/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <cstring>

namespace common {

std::optional<Address> Address::parse(std::string_view literal, std::uint16_t port) {
  if (literal.contains('\0')) return std::nullopt;  // inet_pton(3) would see the part before it
  const std::string text(literal);
  in_addr ipv4{};
  if (::inet_pton(AF_INET, text.c_str(), &ipv4) == 1) return of(ipv4, port);
  in6_addr ipv6{};
  if (::inet_pton(AF_INET6, text.c_str(), &ipv6) == 1) return of(ipv6, port);
  return std::nullopt;
}

Address Address::of(const in_addr& ipv4, std::uint16_t port) {
  Address address;
  address.storage_.v4.sin_family = AF_INET;
  address.storage_.v4.sin_port = htons(port);
  address.storage_.v4.sin_addr = ipv4;
  return address;
}

Address Address::of(const in6_addr& ipv6, std::uint16_t port) {
  Address address;
  address.storage_.v6.sin6_family = AF_INET6;
  address.storage_.v6.sin6_port = htons(port);
  address.storage_.v6.sin6_addr = ipv6;
  return address;
}

Result<Address> Address::of_socket(const Fd& socket) {
  Address address;
  socklen_t size = capacity();
  if (::getsockname(socket.get(), address.data(), &size) < 0) return last_error();
  return address;
}

std::string Address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    (void)::inet_ntop(AF_INET, &storage_.v4.sin_addr, text.data(), text.size());  // cannot fail
    return fmt::format("{}:{}", text.data(), ntohs(storage_.v4.sin_port));
  }
  (void)::inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text.data(), text.size());
  const std::string_view literal = text.data();
  constexpr std::string_view mapped = "::ffff:";  // an IPv4 peer of a dual-stack socket
  if (IN6_IS_ADDR_V4MAPPED(&storage_.v6.sin6_addr) && literal.starts_with(mapped)) {
    return fmt::format("{}:{}", literal.substr(mapped.size()), ntohs(storage_.v6.sin6_port));
  }
  const auto zone = storage_.v6.sin6_scope_id;
  return fmt::format("[{}{}]:{}", literal, zone == 0 ? "" : fmt::format("%{}", zone),
                     ntohs(storage_.v6.sin6_port));
}

in6_addr Address::as_ipv6() const {
  if (family() == AF_INET6) return storage_.v6.sin6_addr;
  in6_addr mapped{};
  mapped.s6_addr[10] = mapped.s6_addr[11] = 0xFF;
  std::memcpy(&mapped.s6_addr[12], &storage_.v4.sin_addr, sizeof storage_.v4.sin_addr);
  return mapped;
}

socklen_t Address::size() const {
  return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

}  // namespace common
