#include "finger/workers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "common/log.h"
#include "common/process.h"
#include "common/stop_handler.h"
#include "uring/ring.h"

namespace finger {
namespace {

/// How many more descriptors may be opened; it stops counting at `enough`.
std::size_t free_descriptors(std::size_t enough) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return enough;  // EFAULT and EINVAL only
  std::size_t free = 0;
  for (rlim_t number = 0; number < limit.rlim_cur && free < enough; ++number) {
    if (::fcntl(static_cast<int>(number), F_GETFD) < 0) ++free;
  }
  return free;
}

/// --max-clients, or as many as there are descriptors for. Some are kept for plans: if clients had
/// them all, each would wait for another to leave before its plan can be opened.
Budget budget_for(const Options& options) {
  const std::size_t wanted = options.process.max_connections;
  // Of each worker a ring and an eventfd, and one to wake the log.
  const std::size_t own = 2 * options.process.workers + 1;
  const std::size_t enough = wanted * descriptors_each;
  const std::size_t free = std::max(free_descriptors(enough + own), own) - own;
  if (free == enough) return {.clients = wanted, .plans = wanted};

  constexpr std::size_t plan_descriptors = descriptors_each - 1;
  const std::size_t plans = std::max<std::size_t>(free / 3 / plan_descriptors, 1);
  const std::size_t left = std::max(free, plans * plan_descriptors) - plans * plan_descriptors;
  return {.clients = std::clamp<std::size_t>(left, 1, wanted), .plans = plans};
}

}  // namespace

std::expected<std::unique_ptr<Workers>, std::string> Workers::create(const Options& options,
                                                                     common::Fd listener,
                                                                     ServedPointer served,
                                                                     PrepareRing prepare) {
  common::Fd users;
  if (!options.users.empty()) {
    users = common::Fd(::open(options.users.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!users) {
      return std::unexpected(fmt::format("cannot open --users {}: {}", options.users,
                                         common::last_error().error().message()));
    }
  }
  std::unique_ptr<Workers> workers(new Workers(options, std::move(listener), std::move(users),
                                               std::move(served), std::move(prepare)));
  std::string complaint = workers->start_all();
  if (!complaint.empty()) return std::unexpected(std::move(complaint));
  return workers;
}

Workers::Workers(const Options& options, common::Fd listener, common::Fd users,
                 ServedPointer served, PrepareRing prepare)
    : options_(options),
      prepare_(std::move(prepare)),
      shared_(options, budget_for(options), std::move(listener), std::move(users),
              std::move(served)) {}

/// Returns why it cannot be done, or nothing.
std::string Workers::start_all() {
  const std::size_t workers = options_.process.workers;
  complaints_.resize(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    wakes_.emplace_back(::eventfd(0, EFD_CLOEXEC));
    if (!wakes_.back()) return "eventfd: " + common::last_error().error().message();
  }

  created_.emplace(static_cast<std::ptrdiff_t>(workers - 1));
  for (std::size_t i = 1; i < workers; ++i) {
    try {
      threads_.emplace_back([this, i] { work(i); });
    } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
      complaints_[i] = "cannot start a thread: " + error.code().message();
      created_->count_down();
    }
  }
  first_ = create_server(0);
  created_->wait();
  for (const std::string& complaint : complaints_) {
    if (!complaint.empty()) return complaint;
  }
  return {};
}

std::unique_ptr<Server> Workers::create_server(std::size_t i) {
  auto server = Server::create(shared_, wakes_[i], prepare_);
  if (server) return std::move(*server);
  complaints_[i] = uring::explain(server.error());
  return nullptr;
}

/// The ring of a server belongs to the thread that makes it, and is used by no other.
void Workers::work(std::size_t i) {
  const auto server = create_server(i);
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
  if (!log_writer) return common::fail(options_.process, log_writer.error(), terms);
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
  (void)common::fail(options_.process, error, terms);
  common::StopHandler::stop_after_failure();
}

void Workers::stop() {
  shared_.stopping = true;
  wake_all();
}

void Workers::retire() {
  shared_.retiring = true;
  wake_all();
}

void Workers::wake_all() {
  for (const common::Fd& wake : wakes_) common::wake(wake.get());
}

void Workers::reload() {
  auto served = load_served(options_);
  if (!served) {
    common::log(fmt::format("cannot reload, and serves who was served before: {}",
                            served.error().message()));
    return;
  }
  common::log(fmt::format("reloaded: {} users", (*served)->accounts.all().size()));
  shared_.replace(std::move(*served));
}

}  // namespace finger
