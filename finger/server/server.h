#pragma once

#include <expected>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "common/net/accept.h"
#include "common/server/duration.h"
#include "finger/accounts/roster.h"
#include "finger/process/control.h"
#include "finger/proxy/receive.h"
#include "finger/server/address_limit.h"
#include "finger/server/conversation.h"
#include "finger/server/options.h"
#include "uring/cancel/canceller.h"
#include "uring/loop.h"
#include "uring/task.h"

namespace finger {

/// The descriptors that a conversation holds at the same time: its connection, the file as found,
/// and the file as opened.
inline constexpr std::size_t descriptors_each = 3;

/// Serves clients on one thread and one ring, with a coroutine for each (see serve.cc). A server
/// accepts until its parent tells it to leave, and ends when the last client is gone.
class Server {
 public:
  Server(const Options& options, std::unique_ptr<uring::Loop> loop, Roster roster);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Tries once everything that a query needs: a call of the ring, one of the kernel's io workers,
  /// descriptors, /proc. Error: a line that says what is missing, and what to do about it.
  std::expected<void, std::string> try_once();

  /// Returns the exit status, which is 1 if it can accept no more.
  int run(std::vector<common::Fd>& listeners, const Control& control);

  const Roster& roster() const { return context_.roster; }

 private:
  uring::Task<int> serve_clients(std::vector<common::Fd>& listeners, const Control& control);
  uring::Task<> accept_from(const common::Fd& listener);
  std::size_t places() const;
  uring::Task<bool> wait_for_place(const common::Fd& listener);
  uring::Task<> serve_client(common::Accepted client, Place place);
  uring::Task<Proxied> receive_header(common::Accepted& client, common::Clock::time_point due);
  void turn_away(const common::Address& peer);
  uring::Task<> follow_parent(const Control& control);
  uring::Task<> say_alive(const Control& control);

  AddressLimit address_limit_;
  std::error_code fault_;  ///< Error of accept(2) that ended accepting.
  uring::Canceller accepting_;
  Context context_;  ///< The last member, because its coroutines use the others.
};

}  // namespace finger
