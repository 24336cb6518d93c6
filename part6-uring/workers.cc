#include "workers.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include "common/listen.h"
#include "common/places.h"
#include "common/process.h"
#include "common/stop_handler.h"
#include "uring/ring.h"

namespace stage {

common::Result<std::vector<common::Fd>> open_listeners(const common::Options& options) {
  return common::listen_group(options, std::max<std::size_t>(options.workers, 1));
}

std::expected<std::unique_ptr<Workers>, std::string> Workers::create(
    const common::Options& options, const RingOptions& ring, std::vector<common::Fd> listeners) {
  std::unique_ptr<Workers> workers(new Workers(options, ring));
  std::string complaint = workers->start_all(std::move(listeners));
  if (!complaint.empty()) return std::unexpected(std::move(complaint));
  return workers;
}

/// Returns why it cannot be done, or nothing.
std::string Workers::start_all(std::vector<common::Fd> listeners) {
  const std::size_t workers = listeners.size();
  complaints_.resize(workers);
  const auto address = common::Address::of_socket(listeners.front());
  if (!address) return address.error().message();
  address_ = address->to_string();
  for (std::size_t i = 0; i < workers; ++i) {
    wakes_.emplace_back(::eventfd(0, EFD_CLOEXEC));
    if (!wakes_.back()) return "eventfd: " + common::last_error().error().message();
  }

  created_.emplace(static_cast<std::ptrdiff_t>(workers - 1));
  for (std::size_t i = 1; i < workers; ++i) {
    try {
      threads_.emplace_back([this, i, listener = std::move(listeners[i])]() mutable {
        work(i, std::move(listener));
      });
    } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
      complaints_[i] = "cannot start a thread: " + error.code().message();
      created_->count_down();
    }
  }
  first_ = create_server(0, std::move(listeners.front()));
  created_->wait();
  for (const std::string& complaint : complaints_) {
    if (!complaint.empty()) return complaint;
  }
  return {};
}

std::unique_ptr<Server> Workers::create_server(std::size_t i, common::Fd listener) {
  std::string trace_file = ring_.trace_file;
  if (i > 0 && !trace_file.empty()) {
    trace_file += "." + std::to_string(i);
    if (!std::ofstream(trace_file)) {
      complaints_[i] = "cannot write " + trace_file;
      return nullptr;
    }
  }
  auto server = Server::create(shared_, ring_.setup, trace_file, std::move(listener), wakes_[i]);
  if (server) return std::move(*server);
  complaints_[i] = uring::explain(server.error());
  return nullptr;
}

/// The ring of a server belongs to the thread that makes it, and is used by no other.
void Workers::work(std::size_t i, common::Fd listener) {
  const auto server = create_server(i, std::move(listener));
  created_->count_down();

  state_.wait(State::creating);
  if (!server || state_ == State::given_up) return;
  if (const auto finished = server->run(nullptr); !finished) give_up(finished.error());
}

Workers::~Workers() {
  auto creating = State::creating;
  if (state_.compare_exchange_strong(creating, State::given_up)) state_.notify_all();
}

int Workers::run() {
  auto log_writer = uring::LogWriter::create();
  if (!log_writer) return common::fail(shared_.options, log_writer.error());
  state_ = State::running;
  state_.notify_all();
  const auto finished = first_->run(log_writer->get());
  log_writer->reset();  // its loop stands still: what is to be said now is written at once
  if (!finished) give_up(finished.error());
  threads_.clear();  // joins them
  return failed_ ? 1 : 0;
}

/// The others stop, too: one less would go unnoticed. The first who fails says why.
void Workers::give_up(std::error_code error) {
  if (failed_.exchange(true)) return;
  (void)common::fail(shared_.options, error);
  common::StopHandler::stop_after_failure();
}

void Workers::stop() {
  shared_.stopping = true;
  for (const common::Fd& wake : wakes_) common::wake(wake.get());
}

}  // namespace stage
