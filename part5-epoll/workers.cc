#include "workers.h"

#include <sys/epoll.h>

#include <cstddef>
#include <system_error>
#include <thread>
#include <utility>

#include "common/net/listen.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"

namespace stage {
namespace {

/// Makes an epoll that holds only the listener: readable when a connection waits in the backlog.
common::Result<common::Fd> make_shared_epoll(const common::Fd& listener) {
  common::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return common::last_error();
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, listener.get(), &event) < 0) {
    return common::last_error();
  }
  return epoll;
}

}  // namespace

common::Result<std::unique_ptr<Workers>> Workers::create(const Options& options) {
  // A single worker watches the listener like any other descriptor.
  const AcceptHow accept = options.workers > 1 ? options.accept : AcceptHow::reuseport;
  auto sockets =
      common::listen_group(options.address(), accept == AcceptHow::reuseport ? options.workers : 1);
  if (!sockets) return std::unexpected(sockets.error());
  auto listeners = common::listeners_for_workers(std::move(*sockets), options.workers);
  if (!listeners) return std::unexpected(listeners.error());

  std::unique_ptr<Workers> workers(new Workers(options));
  if (accept == AcceptHow::shared) {
    auto epoll = make_shared_epoll(listeners->front());
    if (!epoll) return std::unexpected(epoll.error());
    workers->shared_epoll_ = std::move(*epoll);
  }
  for (common::Fd& listener : *listeners) {
    auto poller = Poller::create(accept, workers->shared_epoll_.get());
    if (!poller) return std::unexpected(poller.error());
    auto server = Server::create(options, std::move(listener), workers->connection_limit_,
                                 std::move(*poller));
    if (!server) return std::unexpected(server.error());
    workers->servers_.push_back(std::move(*server));
  }
  return workers;
}

std::string Workers::address() const { return servers_.front()->address(); }

int Workers::run() {
  const auto run_one = [this](std::size_t i) {
    const auto finished = servers_[i]->run();
    if (!finished) give_up(common::explain_failure(options_, finished.error()));
  };
  {
    std::vector<std::jthread> threads;  // the first server runs on this one
    for (std::size_t i = 1; i < servers_.size(); ++i) {
      try {
        threads.emplace_back(run_one, i);
      } catch (const std::system_error& error) {  // EAGAIN: the system allows no more
        give_up(common::explain_no_thread(error.code()));
        break;
      }
    }
    if (!failed_) common::announce(address());
    run_one(0);
  }  // joins them
  return failed_ ? 1 : 0;
}

/// Stops the others, too, because nobody would notice a missing server. The first to fail logs why.
void Workers::give_up(std::string_view why) {
  if (failed_.exchange(true)) return;
  (void)common::complain(why);
  common::SignalWakeup::stop_after_failure();
}

void Workers::stop() {
  for (const auto& server : servers_) server->stop();
}

}  // namespace stage
