#include "finger/server/homes_and_mounts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/sysmacros.h>

#include <array>
#include <chrono>
#include <span>
#include <sstream>
#include <string_view>

#include "common/server/log.h"

namespace finger {
namespace {

/// A blank in a path is written as \040.
std::string unescape(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      const auto digit = [&](std::size_t at) { return text[i + at] - '0'; };
      path += static_cast<char>(digit(1) * 64 + digit(2) * 8 + digit(3));
      i += 3;
    } else {
      path += text[i];
    }
  }
  return path;
}

/// How often to look whether another process has done with a home.
constexpr auto other_process_pause = std::chrono::milliseconds(50);

/// How often the log says that homes do not answer.
constexpr auto report_interval = std::chrono::minutes(1);

std::string describe(const BusyHomes::Silent& silent) {
  const auto login = common::escape(std::as_bytes(std::span(silent.longest)));
  if (silent.count == 1) return fmt::format("the home of {} does not answer", login);
  return fmt::format("{} homes do not answer, for the longest time that of {}", silent.count,
                     login);
}

/// Whether others may have this result of a load, too. That it ended early is one client's own: the
/// next tries again.
bool is_about_plan(const Result<SharedPlan>& plan) {
  return plan || plan.error().category() != make_error_code(uring::Error::timed_out).category();
}

/// One of each key as long as somebody holds it: the last that lets go of it removes the entry.
template <typename Map, typename Make>
auto find_or_make(Map& map, const typename Map::key_type& key, Make make) {
  auto& known = map[key];
  if (auto found = known.lock()) return found;
  using Made = typename Map::mapped_type::element_type;
  std::shared_ptr<Made> found(make(), [&map, key](Made* last) {
    delete last;
    map.erase(key);
  });
  known = found;
  return found;
}

}  // namespace

Mounts::Mounts() : list_(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)) { read(); }

dev_t Mounts::device_of(std::string path, common::Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  if (now - asked_at_ >= std::chrono::seconds(1)) {
    asked_at_ = now;
    pollfd changed{.fd = list_.get(), .events = POLLPRI, .revents = 0};
    if (::poll(&changed, 1, 0) > 0) read();
  }
  while (!path.empty()) {
    if (const auto found = devices_.find(path); found != devices_.end()) return found->second;
    const auto slash = path.rfind('/');
    if (slash == path.npos) return 0;
    path.resize(slash == 0 && path.size() > 1 ? 1 : slash);
  }
  return 0;
}

/// `42 27 0:39 / /home/dept rw,nosuid - fuse fuse rw`
void Mounts::read() {
  std::string text;
  std::array<char, 4096> piece;
  ssize_t size = 0;
  while ((size = ::pread(list_.get(), piece.data(), piece.size(),
                         static_cast<off_t>(text.size()))) > 0) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  devices_.clear();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id, parent, root, point;
    unsigned major = 0;
    unsigned minor = 0;
    char colon = 0;
    words >> id >> parent >> major >> colon >> minor >> root >> point;
    if (!words) continue;
    devices_[unescape(point)] = makedev(major, minor);  // the last hides what is below it
  }
}

uring::Task<Result<FileSystem::Permit>> FileSystem::enter(uring::Deadline& deadline) {
  while (operations_ >= operations_max) {
    const auto waited = co_await freed_.wait().until(deadline);
    if (!waited) co_return std::unexpected(waited.error());
  }
  ++operations_;
  co_return Permit(this);
}

void FileSystem::Leave::operator()(FileSystem* left) const {
  --left->operations_;
  left->freed_.notify_one();
}

/// The next may do something, or share what was loaded, which is forgotten where none waits.
void HomeLock::Release::operator()(Home* home) const {
  home->is_locked_ = false;
  if (home->unlocked_.has_waiters()) {
    home->unlocked_.notify_one();
  } else {
    home->last_.reset();
  }
}

Home::Home(Homes& homes, std::string login, std::shared_ptr<FileSystem> file_system)
    : homes_(homes),
      login_(std::move(login)),
      file_system_(std::move(file_system)),
      unlocked_(homes.loop_) {}

uring::Task<Result<HomeLock>> Home::lock(uring::Deadline& deadline) {
  while (is_locked_) {
    const auto waited = co_await unlocked_.wait().until(deadline);
    if (!waited) co_return std::unexpected(waited.error());
  }
  is_locked_ = true;
  HomeLock lock(*this);
  auto permit = co_await file_system_->enter(deadline);
  if (!permit) co_return std::unexpected(permit.error());
  lock.permit_ = std::move(*permit);
  auto mark = co_await mark_busy(deadline);
  if (!mark) co_return std::unexpected(mark.error());
  lock.mark_ = std::move(*mark);
  co_return std::move(lock);
}

/// Waits for another process: for a worker before this one, whose last operation has not ended.
uring::Task<Result<BusyHomes::Mark>> Home::mark_busy(uring::Deadline& deadline) {
  if (homes_.busy_ == nullptr) co_return BusyHomes::Mark();
  homes_.used_.notify_all();
  while (true) {
    if (auto mark = homes_.busy_->try_mark(login_, homes_.process_, homes_.loop_.now())) {
      co_return std::move(*mark);
    }
    const auto slept = co_await homes_.loop_.sleep(other_process_pause).until(deadline);
    if (!slept) co_return std::unexpected(slept.error());
  }
}

uring::Task<Result<SharedPlan>> Home::load_or_share(
    uring::Deadline& deadline, std::function<uring::Task<Result<SharedPlan>>()> load) {
  const std::uint64_t begun_before = loads_begun_;
  const auto lock = co_await this->lock(deadline);
  if (!lock) co_return std::unexpected(lock.error());
  if (last_ && last_->number > begun_before) co_return last_->plan;
  const std::uint64_t number = ++loads_begun_;
  auto plan = co_await load();
  if (is_about_plan(plan)) last_ = Loaded{number, plan};
  co_return plan;
}

std::shared_ptr<Home> Homes::of(const Account& account) {
  return find_or_make(homes_, account.login,
                      [&] { return new Home(*this, account.login, file_system_of(account)); });
}

std::shared_ptr<FileSystem> Homes::file_system_of(const Account& account) {
  const dev_t device = mounts_ != nullptr ? mounts_->device_of(account.home, loop_.now()) : 0;
  return find_or_make(file_systems_, device, [this] { return new FileSystem(loop_); });
}

uring::Task<Status> Homes::watch(Counter& count, const std::atomic<bool>& retiring) {
  std::optional<common::Clock::time_point> reported_at;
  while (!retiring) {
    // Nothing to look at: the loop sleeps for as long as nobody asks.
    if (busy_->empty() && !reported_at) {
      const auto used = co_await used_.wait();
      if (!used) co_return std::unexpected(used.error());
    }
    const auto slept = co_await loop_.sleep(BusyHomes::patience);
    if (!slept) co_return std::unexpected(slept.error());

    const auto silent = busy_->silent(loop_.now());
    count.set(silent.count);
    if (silent.count == 0 && reported_at) {
      common::log("all homes answer again");
      reported_at.reset();
    } else if (silent.count > 0 &&
               (!reported_at || loop_.now() - *reported_at >= report_interval)) {
      common::log(describe(silent), common::Severity::warning);
      reported_at = loop_.now();
    }
  }
  co_return Status();
}

}  // namespace finger
