#include "workers.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <functional>
#include <iterator>
#include <list>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "client.h"
#include "common/net/listen.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"

using common::Fd, common::Status;

std::optional<common::ConnectionLimit> permits;
Fd shared;                  // an epoll, for --accept shared
std::list<Worker> workers;  // a Worker stays where it is

void on_stop() {
  stopping = true;
  for (const Worker& each : workers) eventfd_write(each.wake.get(), 1);
}

std::atomic<bool> failed = false;

// Stops the other loops, too, because nobody would notice a missing one. Only the first says why.
void give_up(std::string_view why) {
  if (failed.exchange(true)) return;
  (void)common::complain(why);
  common::SignalWakeup::stop_after_failure();
}

// Makes a Worker for each loop. With `shared`, all loops watch that epoll, which holds the only
// listener. EPOLLEXCLUSIVE wakes one loop for a connection, not all.
Status make_workers() {
  const bool reuseport = options.accept == AcceptHow::reuseport;
  auto sockets = common::listen_group(options.address(), reuseport ? options.workers : 1);
  if (!sockets) return std::unexpected(sockets.error());
  auto listeners = common::listeners_for_workers(std::move(*sockets), options.workers);
  if (!listeners) return std::unexpected(listeners.error());

  if (options.accept == AcceptHow::shared) {
    shared = Fd(epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{EPOLLIN, {.u64 = 0}};
    if (!shared || epoll_ctl(shared.get(), EPOLL_CTL_ADD, listeners->front().get(), &event) < 0) {
      return common::last_error();
    }
  }
  for (Fd& listener : *listeners) {
    Fd epoll(epoll_create1(EPOLL_CLOEXEC));
    Fd wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!epoll || !wake) return common::last_error();
    const int door = shared ? shared.get() : listener.get();
    const bool exclusive = options.accept == AcceptHow::exclusive;
    workers.push_back({*permits, std::move(epoll), std::move(wake), std::move(listener), door,
                       exclusive ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN});
  }
  return {};
}

int run_workers(Status (*run_loop)(Worker&)) {
  permits.emplace(options.max_connections);
  const auto made = make_workers();
  if (!made) return common::report_failure(options, made.error());
  const auto signals = common::SignalWakeup::create(options.drain_timeout, on_stop);
  if (!signals) return common::report_failure(options, signals.error());
  const auto address = common::Address::of_socket(workers.front().listener);

  const auto run_one = [run_loop](Worker& worker) {
    const auto end = run_loop(worker);
    if (!end) give_up(common::explain_failure(options, end.error()));
  };
  {
    std::vector<std::jthread> others;  // joined at the end
    try {
      for (auto next = std::next(workers.begin()); next != workers.end(); ++next) {
        others.emplace_back(run_one, std::ref(*next));
      }
    } catch (const std::system_error& error) {  // EAGAIN: the system allows no more threads
      give_up(common::explain_no_thread(error.code()));
    }
    if (!failed) common::announce(address->to_string());
    run_one(workers.front());
  }
  return failed ? 1 : 0;
}
