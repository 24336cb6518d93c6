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

using common::Fd, common::Result, common::Status;

std::optional<common::ConnectionLimit> permits;
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

// An epoll that holds only the listener: readable when a connection waits in the backlog.
Result<Fd> make_shared_epoll(const Fd& listener) {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
  if (!epoll || epoll_ctl(epoll.get(), EPOLL_CTL_ADD, listener.get(), &event) < 0) {
    return common::last_error();
  }
  return epoll;
}

// With `shared`, every loop watches that epoll. EPOLLEXCLUSIVE wakes one loop, not all.
Status add_worker(Fd listener, const Fd& shared) {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return common::last_error();
  Fd wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake) return common::last_error();
  const int door = shared ? shared.get() : listener.get();
  const bool exclusive = options.accept == AcceptHow::exclusive;
  workers.push_back({*permits, std::move(epoll), std::move(wake), std::move(listener), door,
                     exclusive ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN});
  return {};
}

Result<Fd> open_listeners() {
  if (options.workers == 1) options.accept = AcceptHow::reuseport;
  const bool reuseport = options.accept == AcceptHow::reuseport;
  auto sockets = common::listen_group(options.address(), reuseport ? options.workers : 1);
  if (!sockets) return std::unexpected(sockets.error());
  auto listeners = common::listeners_for_workers(std::move(*sockets), options.workers);
  if (!listeners) return std::unexpected(listeners.error());

  Result<Fd> shared;
  if (options.accept == AcceptHow::shared) shared = make_shared_epoll(listeners->front());
  for (auto listener = listeners->begin(); shared && listener != listeners->end(); ++listener) {
    const auto added = add_worker(std::move(*listener), *shared);
    if (!added) return std::unexpected(added.error());
  }
  return shared;
}

int run_workers(Status (*run_loop)(Worker&)) {
  permits.emplace(options.max_connections);
  const auto shared = open_listeners();
  if (!shared) return common::report_failure(options, shared.error());
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
