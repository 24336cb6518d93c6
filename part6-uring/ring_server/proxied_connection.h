#pragma once

#include <system_error>
#include <utility>

#include "common/net/accept.h"
#include "common/result.h"
#include "ring_server/proxy_header.h"

namespace common {

/// A connection from a trusted proxy, until its PROXY header has come.
class ProxiedConnection {
 public:
  explicit ProxiedConnection(Accepted accepted) : accepted_(std::move(accepted)) {}

  const Fd& fd() const { return accepted_.fd; }

  /// Receives of the header what the kernel has, and nothing of what follows it: for the protocol,
  /// the stream begins after the header. True: it is complete.
  /// Errors: of ProxyHeader; cut_short, at the end of the stream; of recv(2).
  Result<bool> receive_header();

  /// When the header is complete: the connection, from the client that the header names.
  Accepted take() { return std::move(accepted_); }

  /// Logs why it is closed without a complete header; but nothing if the proxy left before the
  /// first byte, as one that only looks whether the port is open.
  void log_closed(std::error_code reason) const;

 private:
  Accepted accepted_;
  ProxyHeader header_;
};

}  // namespace common
