// Part 3: a server in which no call waits and nothing is lost: what a thread kept on its stack is
// in a Client, the beginning of a message, the end of the answers, and how far its conversation is.
// Try it: ./serve part3   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "client.h"
#include "common/net/accept.h"
#include "common/net/listen.h"
#include "common/server/log.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"

using common::Fd, common::Status;

std::map<int, Client> clients;  // by descriptor

// Called after a client's turn.
void settle(int fd, bool stays) {
  if (!stays) clients.erase(fd);  // closes it
}

void give_turns() {
  for (auto next = clients.begin(); next != clients.end();) {
    auto& [fd, client] = *next++;  // settle may erase it
    settle(fd, advance(client));
  }
}

void close_overdue() {
  const Time now = Clock::now();
  for (auto next = clients.begin(); next != clients.end();) {
    auto& [fd, client] = *next++;  // settle may erase it
    if (client.deadline <= now) settle(fd, expire(client));
  }
}

Time parked_until;  // when the listener is worth asking about

bool parked(Time now) { return clients.size() >= options.max_connections || now < parked_until; }

// Fails only if the listener is broken, because a broken listener stays broken.
Status accept_one(const Fd& listener) {
  static common::RepeatedFault fault("cannot accept");
  common::Address peer;
  socklen_t size = common::Address::capacity();
  Fd fd(accept4(listener.get(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd) {
    common::ConnectionLog(options.verbose).opened(peer);
    const int number = fd.get();
    clients.emplace(number, Client{.fd = std::move(fd), .peer = peer});
    return {};
  }
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return {};  // it has gone
  const auto error = common::last_error();
  if (!common::is_transient_accept_error(error.error())) return error;
  const Time now = Clock::now();
  fault.report(error.error(), now);  // EMFILE, for example
  parked_until = now + common::shortage_pause;
  return {};
}

// Every client that is here gets what it is owed.
void drain() {
  while (!clients.empty()) {
    give_turns();
    // Nothing reports an acknowledgement.
    std::this_thread::sleep_for(common::drain_poll_interval);
  }
}

Status run_loop(Fd listener) {
  while (!stopping) {
    if (!parked(Clock::now())) {
      if (const auto accepted = accept_one(listener); !accepted) return accepted;
    }
    give_turns();
    close_overdue();
  }
  listener = Fd();  // the kernel resets the connections in its queue
  drain();
  return {};
}

int main(int argc, char** argv) {
  common::Program program{.name = "part3-nonblocking",
                          .summary = "Echoes messages, one thread that asks every client in turn.",
                          .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options.max_connections));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections);

  auto listener = common::listen_on(options.address(), common::SocketMode::nonblocking);
  if (!listener) return common::report_failure(options, listener.error());
  const auto signals = common::SignalWakeup::create(options.drain_timeout, [] { stopping = true; });
  if (!signals) return common::report_failure(options, signals.error());
  common::announce(common::Address::of_socket(*listener)->to_string());
  const auto end = run_loop(std::move(*listener));
  return end ? 0 : common::report_failure(options, end.error());
}
