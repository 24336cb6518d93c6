#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "common/byte_view.h"
#include "common/net/address.h"
#include "common/result.h"

namespace finger {

/// The header in which a proxy names its client, before the client's own bytes: version 1, a line
/// of text, or version 2, in binary. The first byte tells which. The header may come in any slices.
/// Does no I/O. Source: HAProxy's proxy-protocol.txt, section 2.
class ProxyHeader {
 public:
  /// The longest header of version 2 that we take; a client's certificate may be in it. We skip
  /// everything besides the addresses (TLVs), even a checksum.
  static constexpr std::size_t bytes_max = 8 * 1024;

  /// The longest line of version 1, with its CRLF.
  static constexpr std::size_t line_bytes_max = 107;

  /// Takes the header's bytes off the front of `bytes` and returns their number. That is less than
  /// all only if the header is complete and the client's bytes follow. Errors: malformed; too_long.
  /// Nothing after an error can be trusted.
  common::Result<std::size_t> take(common::ByteView bytes);

  bool begun() const { return received_ > 0; }
  bool complete() const { return complete_; }

  /// Whether the proxy connected on its own behalf, to see if somebody answers (LOCAL).
  bool is_check() const { return is_check_; }

  /// The client's address; nullopt if this is a check, the proxy doesn't know the address (UNKNOWN,
  /// UNSPEC), or it isn't an internet address.
  const std::optional<common::Address>& client() const { return client_; }

 private:
  common::Status take_byte(std::byte byte);
  common::Status take_text(common::ByteView head);
  common::Status take_binary(common::ByteView head);
  common::Status read_addresses(common::ByteView head, std::size_t addresses_bytes);

  std::array<std::byte, line_bytes_max> head_;  ///< The part of version 2 that we read fits, too.
  std::size_t received_ = 0;
  bool complete_ = false;
  bool is_check_ = false;
  std::optional<common::Address> client_;
};

}  // namespace finger
