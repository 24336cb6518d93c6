#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "common/byte_view.h"
#include "common/net/address.h"
#include "common/result.h"

namespace finger {

/// The header that a proxy sends before a client's own bytes: on whose behalf it has connected.
/// Version 1, a line of text, or version 2, in binary; the first byte tells which. The header may
/// come in any slices. No I/O, no heap. Source: HAProxy's proxy-protocol.txt, section 2.
class ProxyHeader {
 public:
  /// The longest header of version 2 that is taken: a client's certificate may be in it. What a
  /// header holds besides the addresses (TLVs) is skipped, a checksum included.
  static constexpr std::size_t bytes_max = 8 * 1024;

  /// The longest line that version 1 has, with its CRLF.
  static constexpr std::size_t line_bytes_max = 107;

  /// Takes the header's bytes off the front of `bytes` and returns how many they were: fewer than
  /// all only when the header is complete, and what follows is the client's.
  /// Errors: malformed; too_long. Nothing after them can be trusted.
  common::Result<std::size_t> take(common::ByteView bytes);

  bool begun() const { return received_ > 0; }
  bool complete() const { return complete_; }

  /// Whether the proxy has connected on its own behalf, to see whether somebody answers (LOCAL).
  bool is_check() const { return is_check_; }

  /// The client's address. nullopt: it is a check, the proxy does not know the address (UNKNOWN,
  /// UNSPEC), or it is no internet address.
  const std::optional<common::Address>& client() const { return client_; }

 private:
  common::Status take_byte(std::byte byte);
  common::Status take_text(common::ByteView head);
  common::Status take_binary(common::ByteView head);
  common::Status read_addresses(common::ByteView head, std::size_t addresses_bytes);

  std::array<std::byte, line_bytes_max> head_;  ///< What is looked at of version 2 fits, too.
  std::size_t received_ = 0;
  bool complete_ = false;
  bool is_check_ = false;
  std::optional<common::Address> client_;
};

}  // namespace finger
