#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>

#include "common/fd.h"

namespace finger {

/// One end of the socket between the parent and a worker. SOCK_SEQPACKET makes each word a message.
/// The end of the stream means that the other process is gone.
class Control {
 public:
  // The worker says:
  static constexpr char silent = 's';  ///< `s4711`: process 4711 waits for a directory (look.cc).
  static constexpr char ready = 'r';   ///< `r2 users; no account: ghost`: serving.
  static constexpr char failed = 'f';  ///< `fWHY`: cannot serve.
  static constexpr char alive = '.';   ///< The loop still turns.
  static constexpr char has = 'h';     ///< `h17`: leaving, with 17 clients left.
  // The parent says:
  static constexpr char leave = 'l';  ///< Accept no more, and end when the last client is gone.
  static constexpr char drain = 'd';  ///< Like `leave`, and close clients that haven't asked yet.
  static constexpr char tell = 't';   ///< Log the counters.

  explicit Control(common::Fd fd) : fd_(std::move(fd)) {}
  const common::Fd& fd() const { return fd_; }

  /// Never waits. A full socket drops the message, because the other side has enough to read.
  void say(char word, std::string_view more = {}) const {
    const std::string text = word + std::string(more.substr(0, text_bytes_max));
    (void)::send(fd_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  static constexpr std::size_t text_bytes_max = 4000;

 private:
  common::Fd fd_;
};

}  // namespace finger
