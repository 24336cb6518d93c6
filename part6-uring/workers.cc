#include "workers.h"

#include <sys/eventfd.h>

#include <fstream>
#include <utility>

#include "common/loop/eventfd.h"
#include "common/net/address.h"
#include "common/result.h"
#include "common/server/process.h"
#include "common/server/signal_wakeup.h"
#include "uring/why_no_ring.h"

namespace stage {

std::expected<std::unique_ptr<Workers>, std::string> Workers::create(
    const Options& options, std::vector<common::Fd> listeners) {
  const auto address = common::Address::of_socket(listeners.front());
  if (!address) return std::unexpected(address.error().message());
  std::unique_ptr<Workers> workers(
      new Workers(options, address->to_string(), std::move(listeners)));
  if (auto started = workers->start(); !started) return std::unexpected(std::move(started.error()));
  return workers;
}

Workers::Workers(const Options& options, std::string address, std::vector<common::Fd> listeners)
    : options_(options),
      address_(std::move(address)),
      listeners_(std::move(listeners)),
      shared_(options),
      outcomes_(listeners_.size()),
      created_(static_cast<std::ptrdiff_t>(listeners_.size() - 1)) {}

Workers::~Workers() {
  auto creating = State::creating;
  if (state_.compare_exchange_strong(creating, State::given_up)) state_.notify_all();
}

/// Makes them all. Error: why that cannot be done.
std::expected<void, std::string> Workers::start() {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    wakes_.emplace_back(::eventfd(0, EFD_CLOEXEC));
    if (!wakes_.back()) {
      return std::unexpected("eventfd: " + common::last_error().error().message());
    }
  }

  for (std::size_t i = 1; i < listeners_.size(); ++i) {
    try {
      threads_.emplace_back([this, i] { work(i); });
    } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
      outcomes_[i] = std::unexpected(common::explain_no_thread(error.code()));
      created_.count_down();
    }
  }
  first_ = create_server(0);
  created_.wait();
  for (const auto& outcome : outcomes_) {
    if (!outcome) return outcome;
  }
  return {};
}

int Workers::run() {
  state_ = State::running;
  state_.notify_all();
  const auto finished = first_->run();
  if (!finished) give_up(finished.error());
  threads_.clear();  // joins them
  return failed_ ? 1 : 0;
}

void Workers::stop() {
  shared_.stopping = true;
  for (const common::Fd& wake : wakes_) common::wake(wake.get());
}

std::unique_ptr<Server> Workers::create_server(std::size_t i) {
  auto server = try_to_create_server(i);
  if (server) return std::move(*server);
  outcomes_[i] = std::unexpected(std::move(server.error()));
  return nullptr;
}

std::expected<std::unique_ptr<Server>, std::string> Workers::try_to_create_server(std::size_t i) {
  std::string trace_file = options_.trace_file;
  if (i > 0 && !trace_file.empty()) {
    trace_file += "." + std::to_string(i);
    if (!std::ofstream(trace_file)) return std::unexpected("cannot write " + trace_file);
  }
  auto server = Server::create(options_, shared_, trace_file, std::move(listeners_[i]), wakes_[i]);
  if (!server) return std::unexpected(uring::why_no_ring(server.error()));
  return std::move(*server);
}

void Workers::work(std::size_t i) {
  const auto server = create_server(i);
  created_.count_down();

  state_.wait(State::creating);
  if (!server || state_ == State::given_up) return;
  if (const auto finished = server->run(); !finished) give_up(finished.error());
}

/// The others stop, too: one worker fewer would go unnoticed. The first that fails says why.
void Workers::give_up(std::error_code error) {
  if (failed_.exchange(true)) return;
  (void)common::report_failure(options_, error);
  common::SignalWakeup::stop_after_failure();
}

}  // namespace stage
