#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>

#include "common/fd.h"

namespace finger {

/// One end of the socket between the parent and a worker (SOCK_SEQPACKET: each word is a message).
/// The end of the stream: the other process has gone.
class Control {
 public:
  // The worker says:
  static constexpr char silent = 's';  ///< `s4711`: that process waits for a directory: look.cc.
  static constexpr char ready = 'r';   ///< `r2 users; no account: ghost`: it serves.
  static constexpr char failed = 'f';  ///< `fWHY`: it cannot.
  static constexpr char alive = '.';   ///< Its loop turns.
  static constexpr char has = 'h';     ///< `h17`: it leaves, and still has so many clients.
  // The parent says:
  static constexpr char leave = 'l';  ///< Accept no more; end when the last client has left.
  static constexpr char drain = 'd';  ///< And clients that have not asked yet leave now.
  static constexpr char tell = 't';   ///< Log what was counted.

  explicit Control(common::Fd fd) : fd_(std::move(fd)) {}
  const common::Fd& fd() const { return fd_; }

  /// Never waits: a socket that is full has enough to read.
  void say(char word, std::string_view more = {}) const {
    const std::string text = word + std::string(more.substr(0, text_bytes_max));
    (void)::send(fd_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  static constexpr std::size_t text_bytes_max = 4000;

 private:
  common::Fd fd_;
};

}  // namespace finger
