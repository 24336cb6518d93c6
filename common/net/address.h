#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"

namespace common {

/// An IPv4 or IPv6 address and port, for system calls such as accept4(2) and bind(2). 28 bytes.
class Address {
 public:
  Address() = default;

  /// Parses a literal as inet_pton(3) does, without brackets. nullopt if it is neither IPv4 nor
  /// IPv6.
  static std::optional<Address> parse(std::string_view literal, std::uint16_t port);

  /// Takes an address in network byte order, and a port in host byte order.
  static Address of(const in_addr& ipv4, std::uint16_t port);
  static Address of(const in6_addr& ipv6, std::uint16_t port);

  /// The address that a socket is bound to: getsockname(2).
  static Result<Address> of_socket(const Fd& socket);

  /// `127.0.0.1:5882` or `[::1]:5882`; an IPv4 peer of a dual-stack socket shows as IPv4. A
  /// link-local address shows its zone as a number, because the name would take system calls. RFC
  /// 4007, 11.
  std::string to_string() const;

  /// The address without the port. An IPv4 address becomes `::ffff:192.0.2.7`, whether from a
  /// dual-stack socket or an IPv4 socket.
  in6_addr as_ipv6() const;

  // All three forms begin with the family.
  int family() const { return storage_.v6.sin6_family; }
  sockaddr* data() { return &storage_.any; }
  const sockaddr* data() const { return &storage_.any; }
  socklen_t size() const;
  static constexpr socklen_t capacity() { return sizeof(Storage); }

 private:
  union Storage {
    sockaddr_in6 v6{};
    sockaddr_in v4;
    sockaddr any;
  };
  Storage storage_;
};

}  // namespace common
