// Part 5: the kernel keeps the list, epoll(7), and each client has a token, which finds it after a
// wait, and which no later client gets. Several loops may run, each in a thread, with an epoll and
// clients of its own; workers.h says what they share. Try it: ./serve part5   and in another
// terminal
//   printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "client.h"
#include "common/net/accept.h"
#include "common/server/log.h"
#include "common/server/process.h"
#include "workers.h"

using namespace std::chrono_literals;
using common::Fd, common::Status;

thread_local int epoll = -1;
thread_local Worker* worker = nullptr;  // what this loop got

using Token = std::uint64_t;
constexpr Token wake_token = 0;
constexpr Token listener_token = 1;
thread_local std::map<Token, Client> clients;             // a token never comes back
thread_local std::set<std::pair<Time, Token>> deadlines;  // the earliest first

bool control(int operation, int fd, std::uint32_t events, Token token) {
  static common::RepeatedFault fault("cannot watch a connection");
  epoll_event event{events, {.u64 = token}};
  if (epoll_ctl(epoll, operation, fd, &event) == 0) return true;
  fault.report(common::last_error().error(), Clock::now());
  return false;
}

void note_deadline(Token token, Client& client) {
  deadlines.erase({client.noted, token});
  client.noted = client.deadline;
  deadlines.emplace(client.noted, token);
}

// Called after a client's turn. Closes it, or notes its deadline and the events it waits for.
void settle(Token token, bool stays) {
  Client& client = clients.at(token);
  const std::uint32_t wanted = interest(client);
  if (stays && wanted != client.asked) {
    const int operation = client.asked == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    stays = control(operation, client.fd.get(), wanted, token);
    client.asked = wanted;
  }
  if (stays && client.deadline < client.noted) note_deadline(token, client);
  if (stays) return;
  epoll_ctl(epoll, EPOLL_CTL_DEL, client.fd.get(), nullptr);
  deadlines.erase({client.noted, token});
  clients.erase(token);  // closes it
}

void close_overdue() {
  const Time now = Clock::now();
  while (!deadlines.empty() && deadlines.begin()->first <= now) {
    const Token token = deadlines.begin()->second;
    Client& client = clients.at(token);
    if (client.deadline > now) {
      note_deadline(token, client);  // each message has moved it, and only now do we look
    } else {
      settle(token, expire(client));
    }
  }
}

thread_local bool parked = true;
thread_local Time parked_until;  // when the listener is worth asking about

void watch_listener(bool watched) {
  parked = !watched;
  if (!watched) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, worker->door, nullptr);
  } else if (!control(EPOLL_CTL_ADD, worker->door, worker->door_events, listener_token)) {
    parked = true;
    parked_until = Clock::now() + common::shortage_pause;
  }
}

// Accepts only with a permit. If there is none, the next one that comes back wakes this loop. Fails
// only if the listener is broken, because a broken listener stays broken.
Status accept_one(const Fd& listener) {
  static common::RepeatedFault fault("cannot accept");
  thread_local Token last_token = listener_token;
  auto permit = worker->permits.try_acquire(worker->wake.get());
  if (!permit) {
    watch_listener(false);
    parked_until = Time::max();
    return {};
  }
  common::Address peer;
  socklen_t size = common::Address::capacity();
  Fd fd(accept4(listener.get(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd) {
    common::ConnectionLog(options.verbose).opened(peer);
    clients.emplace(++last_token,
                    Client{.permit = std::move(*permit), .fd = std::move(fd), .peer = peer});
    settle(last_token, true);
    return {};
  }
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return {};  // it has gone
  const auto error = common::last_error();
  if (!common::is_transient_accept_error(error.error())) return error;
  const Time now = Clock::now();
  fault.report(error.error(), now);  // EMFILE, for example
  watch_listener(false);
  parked_until = now + common::shortage_pause;
  return {};
}

int how_long(Time now) {
  auto next = std::min(now + 1h, now < parked_until ? parked_until : Time::max());
  if (!deadlines.empty()) next = std::min(next, deadlines.begin()->first);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max(left, 0ms).count());
}

// Every client that is here gets what it is owed.
void drain() {
  while (!clients.empty()) {
    for (auto next = clients.begin(); next != clients.end();) {
      auto& [token, client] = *next++;  // settle may erase it
      settle(token, advance(client));
    }
    // Nothing reports an acknowledgement.
    std::this_thread::sleep_for(common::drain_poll_interval);
  }
}

Status run_loop(Worker& its_worker) {
  worker = &its_worker;
  epoll = worker->epoll.get();
  epoll_event event{EPOLLIN, {.u64 = wake_token}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, worker->wake.get(), &event) < 0) return common::last_error();
  watch_listener(true);

  while (!stopping) {
    epoll_event batch[64];
    const int ready = epoll_wait(epoll, batch, 64, how_long(Clock::now()));
    if (ready < 0 && errno != EINTR) return common::last_error();
    for (int i = 0; i < ready; ++i) {
      const Token token = batch[i].data.u64;
      if (token == wake_token) {  // a signal, or a permit
        eventfd_t times;
        eventfd_read(worker->wake.get(), &times);
        parked_until = {};
      } else if (token == listener_token) {
        if (const auto accepted = accept_one(worker->listener); !accepted) return accepted;
      } else if (clients.contains(token)) {
        settle(token, advance(clients.at(token)));
      }
    }
    close_overdue();
    if (parked && Clock::now() >= parked_until) watch_listener(true);
  }
  worker->listener = Fd();  // the kernel resets the connections in its queue
  drain();
  return {};
}

int main(int argc, char** argv) {
  common::Program program{.name = "part5-epoll",
                          .summary = "Echoes messages, one loop or several that wait with epoll.",
                          .options = common::stage_options(options)};
  program.options.push_back(common::max_connections_option(options.max_connections));
  program.options.push_back(common::workers_option(
      "number of event loops, each in a thread of its own; default 1", options.workers));
  program.options.push_back(common::choice_option<AcceptHow>(
      "--accept", "HOW", "how workers share new connections: reuseport, exclusive or shared",
      options.accept,
      {{"reuseport", AcceptHow::reuseport},
       {"exclusive", AcceptHow::exclusive},
       {"shared", AcceptHow::shared}}));
  program.options.push_back(common::protocol_option(options.protocol));
  if (const auto status = common::parse_options(argc, argv, program)) return *status;
  common::prepare_process(options.max_connections, options.workers);
  return run_workers(run_loop);
}
