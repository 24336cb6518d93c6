#include "ring_server/worker_group.h"

#include <sys/eventfd.h>

#include <chrono>
#include <utility>

#include "common/loop/eventfd.h"
#include "common/result.h"
#include "common/server/signal_wakeup.h"

namespace ring_server {

WorkerGroup::~WorkerGroup() {
  auto creating = State::creating;
  if (state_.compare_exchange_strong(creating, State::given_up)) state_.notify_all();
}

std::string WorkerGroup::start(std::size_t servers, const Create& create) {
  complaints_.resize(servers);
  for (std::size_t i = 0; i < servers; ++i) {
    wakes_.emplace_back(::eventfd(0, EFD_CLOEXEC));
    if (!wakes_.back()) return "eventfd: " + common::last_error().error().message();
  }

  created_.emplace(static_cast<std::ptrdiff_t>(servers - 1));
  for (std::size_t i = 1; i < servers; ++i) {
    try {
      threads_.emplace_back([this, &create, i] { work(create, i); });
    } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
      complaints_[i] = common::explain_no_thread(error.code());
      created_->count_down();
    }
  }
  first_ = create_server(create, 0);
  created_->wait();
  for (const std::string& complaint : complaints_) {
    if (!complaint.empty()) return complaint;
  }
  if (first_->may_write()) return {};
  // Now, since later the process may be denied a thread.
  auto made = LogWriter::create(LogWriter::Means::thread);
  if (!made) return common::explain_no_thread(made.error());
  log_writer_ = std::move(*made);
  return {};
}

int WorkerGroup::run() {
  if (!log_writer_) {
    auto made = LogWriter::create();
    if (!made) return common::report_failure(shared_.process_options, made.error(), profile_);
    log_writer_ = std::move(*made);
  }
  state_ = State::running;
  state_.notify_all();
  const auto finished = first_->run(log_writer_.get());
  log_writer_.reset();  // its loop does not run any more: what is logged now is written directly
  if (!finished) give_up(finished.error());
  threads_.clear();  // joins them
  return failed_ ? 1 : 0;
}

void WorkerGroup::stop() {
  shared_.stopping = true;
  wake_all();
}

void WorkerGroup::wake_all() {
  for (const common::Fd& wake : wakes_) common::wake(wake.get());
}

std::unique_ptr<LoopServer> WorkerGroup::create_server(const Create& create, std::size_t i) {
  auto server = create(i, wakes_[i]);
  if (server) return std::move(*server);
  complaints_[i] = std::move(server.error());
  return nullptr;
}

void WorkerGroup::work(const Create& create, std::size_t i) {
  const auto server = create_server(create, i);
  created_->count_down();  // from here on `create` may be gone

  state_.wait(State::creating);
  if (!server || state_ == State::given_up) return;
  if (const auto finished = server->run(nullptr); !finished) give_up(finished.error());
}

/// The others stop, too: one worker fewer would go unnoticed. The first that fails says why.
void WorkerGroup::give_up(std::error_code error) {
  if (failed_.exchange(true)) return;
  (void)common::report_failure(shared_.process_options, error, profile_);
  // With --drain-timeout 0 the process ends with the next line.
  LogWriter::wait_until_written(std::chrono::milliseconds(500));
  common::SignalWakeup::stop_after_failure();
}

}  // namespace ring_server
