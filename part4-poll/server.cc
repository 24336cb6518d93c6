// Part 4: before each sleep in poll(2), the loop asks for what it could do next, and for nothing
// else. A listener that cannot accept is left out, the earliest deadline ends the sleep, and a
// signal wakes the loop. Try it: ./serve part4   and in another terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "client.h"
#include "common/net/accept.h"
#include "common/net/listen.h"
#include "common/server/log.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"

using namespace std::chrono_literals;
using common::Fd, common::Status;

std::map<int, Client> clients;  // by descriptor

// Called after a client's turn.
void settle(int fd, bool stays) {
  if (!stays) clients.erase(fd);  // closes it
}

void give_turns(std::span<const pollfd> entries) {
  for (const pollfd& entry : entries) {
    if (entry.revents != 0) settle(entry.fd, advance(clients.at(entry.fd)));
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

int how_long(Time now) {
  auto next = now < parked_until ? parked_until : now + 1h;
  for (const auto& [fd, client] : clients) next = std::min(next, client.deadline);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max(left, 0ms).count());
}

Fd wake;  // an eventfd

void on_stop() {
  stopping = true;
  eventfd_write(wake.get(), 1);
}

// Every client that is here gets what it is owed.
void drain() {
  while (!clients.empty()) {
    for (auto next = clients.begin(); next != clients.end();) {
      auto& [fd, client] = *next++;  // settle may erase it
      settle(fd, advance(client));
    }
    // Nothing reports an acknowledgement.
    std::this_thread::sleep_for(common::drain_poll_interval);
  }
}

Status run_loop(Fd listener) {
  std::vector<pollfd> entries;
  while (!stopping) {
    const Time now = Clock::now();
    entries = {{wake.get(), POLLIN, 0}, {parked(now) ? -1 : listener.get(), POLLIN, 0}};
    for (const auto& [fd, client] : clients) entries.push_back({fd, interest(client), 0});
    const int ready = poll(entries.data(), entries.size(), how_long(now));
    if (ready < 0 && errno != EINTR) return common::last_error();

    give_turns(std::span(entries).subspan(2));
    if (entries[1].revents != 0) {
      if (const auto accepted = accept_one(listener); !accepted) return accepted;
    }
    close_overdue();
  }
  listener = Fd();  // the kernel resets the connections in its queue
  drain();
  return {};
}

int main(int argc, char** argv) {
  common::Program program{.name = "part4-poll",
                          .summary = "Echoes messages, one thread that waits for all with poll.",
                          .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options.max_connections));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections);

  auto listener = common::listen_on(options.address(), common::SocketMode::nonblocking);
  if (!listener) return common::report_failure(options, listener.error());
  wake = Fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake) return common::report_failure(options, common::last_error().error());
  const auto signals = common::SignalWakeup::create(options.drain_timeout, on_stop);
  if (!signals) return common::report_failure(options, signals.error());
  common::announce(common::Address::of_socket(*listener)->to_string());
  const auto end = run_loop(std::move(*listener));
  return end ? 0 : common::report_failure(options, end.error());
}
