#include "workers.h"

#include <cstddef>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "common/net/listen.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "uring/why_no_ring.h"

namespace stage {

std::expected<std::unique_ptr<Workers>, std::string> Workers::create(const Options& options) {
  auto listeners = common::listen_group(options.address(), options.workers);
  if (!listeners) return std::unexpected(common::explain_failure(options, listeners.error()));

  std::unique_ptr<Workers> workers(new Workers(options));
  for (common::Fd& listener : *listeners) {
    auto server = Server::create(options, std::move(listener), workers->connection_limit_);
    if (!server) return std::unexpected(uring::why_no_ring(server.error()));
    if (!options.trace_file.empty()) {
      std::string file = options.trace_file;
      if (!workers->servers_.empty()) file += "." + std::to_string(workers->servers_.size());
      auto trace = uring::Trace::create(file.c_str());
      if (!trace) return std::unexpected("cannot write " + file + ": " + trace.error().message());
      (*server)->set_trace(std::move(*trace));
    }
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
