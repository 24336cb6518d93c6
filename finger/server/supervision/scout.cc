#include "finger/server/supervision/scout.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <ranges>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>

#include "common/server/log.h"
#include "common/server/process.h"
#include "finger/server/process/descriptors.h"

namespace finger {
namespace {

namespace fs = std::filesystem;
using common::Clock;

/// While nothing answers another thread begins with the next directory, up to so many.
constexpr std::size_t threads_max = 256;
constexpr auto next_thread_after = std::chrono::milliseconds(20);

/// A directory that holds homes.
struct Holder {
  fs::path path;
  std::vector<std::string> names;  ///< Of the homes in it.
  fs::path looked_at;              ///< Now.
  bool is_done = false;
  bool was_permitted = false;  ///< Something in it.
};

/// Whether the entries of a directory are mounted when they are looked at.
bool mounts_on_demand(const common::Fd& directory) {
  struct statfs about {};
  return ::fstatfs(directory.get(), &about) == 0 && about.f_type == AUTOFS_SUPER_MAGIC;
}

/// Asks nothing of what is mounted there: that is no link.
bool is_link(const common::Fd& directory, const std::string& name) {
  const open_how how{
      .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_NO_XDEV};
  const common::Fd entry(
      static_cast<int>(::syscall(SYS_openat2, directory.get(), name.c_str(), &how, sizeof how)));
  struct statx about {};
  constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  return entry && ::statx(entry.get(), "", flags, STATX_TYPE, &about) == 0 &&
         S_ISLNK(about.stx_mode);
}

/// Looks at directories, each in some thread, and knows which have not answered.
class Looks {
 public:
  Looks(const HomeFence& fence, std::vector<Holder> holders)
      : fence_(fence), holders_(std::move(holders)) {}

  /// Until all have answered, or it is that late. Returns whether all have.
  bool wait_until(Clock::time_point end);

  /// Those that have not answered; then closes `worker`, which goes on; and from then on each that
  /// does answer.
  [[noreturn]] void tell_of_the_rest(const common::Fd& news, common::Fd worker);

 private:
  void look();
  void look_at(Holder& holder);
  void begin_with(Holder& holder, const fs::path& path);
  void permit_around(Holder& holder, const fs::path& home);
  void add_thread();

  const HomeFence& fence_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<Holder> holders_;
  std::size_t begun_ = 0;
  std::size_t answers_ = 0;  ///< Of all directories and homes.
  std::size_t threads_ = 0;
};

bool Looks::wait_until(Clock::time_point end) {
  std::unique_lock lock(mutex_);
  const auto all_done = [this] { return std::ranges::all_of(holders_, &Holder::is_done); };
  while (!all_done() && Clock::now() < end) {
    const std::size_t before = answers_;
    if (begun_ < holders_.size() && threads_ < threads_max) add_thread();
    const auto until = std::min(end, Clock::now() + next_thread_after);
    answered_.wait_until(lock, until, [&] { return all_done() || answers_ != before; });
  }
  return all_done();
}

/// Never joined: it may be in the kernel for ever.
void Looks::add_thread() {
  try {
    std::thread([this] { look(); }).detach();
    ++threads_;
  } catch (const std::system_error&) {  // EAGAIN: those that there are go on
  }
}

void Looks::look() {
  std::unique_lock lock(mutex_);
  while (begun_ < holders_.size()) {
    Holder& holder = holders_[begun_++];
    lock.unlock();
    look_at(holder);
    lock.lock();
    holder.is_done = true;
    ++answers_;
    answered_.notify_all();
  }
}

void Looks::look_at(Holder& holder) {
  begin_with(holder, holder.path);
  std::error_code ignored;
  const auto real = fs::canonical(holder.path, ignored);
  if (real.empty()) return;  // nor could a plan be opened in it
  const bool is_root = real == real.root_path();
  if (!is_root) permit_around(holder, real / holder.names.front());  // and so around all of them
  const common::Fd directory(::open(real.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  // A look at the home itself would mount it, and wait for the server that it comes from.
  const bool mounts = mounts_on_demand(directory);
  for (const std::string& name : holder.names) {
    const auto home = real / name;
    begin_with(holder, home);
    if (is_root) permit_around(holder, home);
    if (!mounts && is_link(directory, name)) permit_around(holder, fs::canonical(home, ignored));
  }
}

void Looks::permit_around(Holder& holder, const fs::path& home) {
  fence_.permit_around(home);
  const std::scoped_lock lock(mutex_);
  holder.was_permitted = true;
}

void Looks::begin_with(Holder& holder, const fs::path& path) {
  const std::scoped_lock lock(mutex_);
  holder.looked_at = path;
  ++answers_;
}

void tell(const common::Fd& news, char sign, const fs::path& path) {
  const auto line = fmt::format("{}{}\n", sign, path.native());
  (void)!::write(news.get(), line.data(), line.size());  // fails only if the parent has gone
}

std::string escape(const fs::path& path) {
  return common::escape(std::as_bytes(std::span(path.native())));
}

std::string describe_silent(const Holder& holder) {
  const auto path = escape(holder.looked_at);
  if (!holder.was_permitted) {
    return fmt::format("{} does not answer: its homes are left out until it does: {}", path,
                       holder.names.size());
  }
  return fmt::format(
      "{} does not answer: homes in {} that are symbolic links may be left out until it does", path,
      escape(holder.path));
}

void Looks::tell_of_the_rest(const common::Fd& news, common::Fd worker) {
  std::unique_lock lock(mutex_);
  struct Silent {
    Holder* holder;
    std::string named;
  };
  std::vector<Silent> rest;
  for (Holder& holder : holders_) {
    if (holder.is_done) continue;
    rest.push_back({.holder = &holder, .named = escape(holder.looked_at)});
    tell(news, Scout::is_silent, holder.path);
    common::log(describe_silent(holder), common::Severity::warning);
    holder.was_permitted = false;  // from now on: by what comes too late
  }
  worker = {};
  while (!rest.empty()) {
    answered_.wait(lock);
    std::erase_if(rest, [&](const Silent& silent) {
      const Holder& holder = *silent.holder;
      if (!holder.is_done) return false;
      common::log(silent.named + " answers again");
      tell(news, holder.was_permitted ? Scout::has_answered : Scout::is_nothing, holder.path);
      return true;
    });
  }
  std::_Exit(0);
}

fs::path without_last_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

/// From lines with a home each, up to the end of the stream.
std::vector<Holder> read_holders(const common::Fd& worker, const std::set<std::string>& silent) {
  std::string text;
  std::array<char, 4096> piece;
  for (ssize_t size = 0; (size = ::read(worker.get(), piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  std::map<fs::path, Holder> found;
  for (const auto line : std::views::split(text, '\n')) {
    const auto home = without_last_slash(std::string_view(line.begin(), line.end()));
    const auto path = home.parent_path();
    if (silent.contains(path.native()) || !home.has_filename()) continue;
    Holder& holder = found[path];
    holder.path = path;
    holder.names.push_back(home.filename().native());
  }
  std::vector<Holder> holders;
  for (auto& [path, holder] : found) holders.push_back(std::move(holder));
  return holders;
}

[[noreturn]] void be_scout(const HomeFence& fence, common::Fd worker, common::Fd news,
                           const std::set<std::string>& silent) {
  (void)close_all_but({STDERR_FILENO, worker.get(), news.get(), fence.descriptor()});
  (void)std::signal(SIGPIPE, SIG_IGN);
  if (news) (void)::fcntl(news.get(), F_SETFL, 0);  // what it says may wait
  Looks looks(fence, read_holders(worker, silent));
  if (looks.wait_until(Clock::now() + Scout::patience)) std::_Exit(0);
  std::thread([&news] {
    pollfd parent{.fd = news.get(), .events = 0, .revents = 0};
    (void)::poll(&parent, 1, -1);
    std::_Exit(0);
  }).detach();
  looks.tell_of_the_rest(news, std::move(worker));
}

}  // namespace

std::expected<Scout, std::string> Scout::start(const HomeFence& fence, common::Fd news,
                                               const std::set<std::string>& silent) {
  const auto failed = [] {
    return std::unexpected(common::explain_no_thread(common::last_error().error()));
  };
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0) return failed();
  common::Fd ours(ends[0]);
  common::Fd theirs(ends[1]);
  (void)std::signal(SIGCHLD, SIG_IGN);  // nobody waits for it
  const pid_t pid = ::fork();
  if (pid < 0) return failed();
  if (pid == 0) be_scout(fence, std::move(theirs), std::move(news), silent);
  return Scout(std::move(ours));
}

void Scout::look_for(const Accounts& accounts) {
  std::string homes;
  for (const Account& account : accounts.all()) homes += account.home + '\n';
  for (std::string_view left = homes; !left.empty();) {
    const ssize_t sent = ::send(process_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0) break;  // it was killed: no home is found
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  (void)::shutdown(process_.get(), SHUT_WR);
  pollfd done{.fd = process_.get(), .events = POLLIN, .revents = 0};
  const auto longest = std::chrono::milliseconds(patience + std::chrono::milliseconds(500));
  (void)::poll(&done, 1, static_cast<int>(longest.count()));
  process_ = {};
}

void Scouts::watch(std::vector<pollfd>& watched) const {
  for (const Watched& each : scouts_) {
    watched.push_back({.fd = each.news.get(), .events = POLLIN, .revents = 0});
  }
}

bool Scouts::read(const pollfd* watched) {
  bool has_answered = false;
  for (Watched& each : scouts_) {
    if (watched++->revents != 0) has_answered |= read(each);
  }
  std::erase_if(scouts_, [](const Watched& each) { return !each.news; });
  return has_answered;
}

/// Lines that each come in one write. Their end: the scout waits for nothing, or was killed.
bool Scouts::read(Watched& scout) {
  std::string text(64 * 1024, '\0');  // as many as a pipe holds
  const ssize_t size = ::read(scout.news.get(), text.data(), text.size());
  if (size == 0) scout.news = {};
  if (size <= 0) return false;
  text.resize(static_cast<std::size_t>(size));
  bool has_answered = false;
  for (const auto line : std::views::split(text, '\n')) {
    if (line.empty()) continue;
    const std::string path(line.begin() + 1, line.end());
    if (line.front() == Scout::is_silent) {
      scout.silent.insert(path);
    } else {
      scout.silent.erase(path);
      has_answered |= line.front() == Scout::has_answered;
    }
  }
  return has_answered;
}

std::set<std::string> Scouts::silent() const {
  std::set<std::string> all;
  for (const Watched& each : scouts_) all.insert(each.silent.begin(), each.silent.end());
  return all;
}

}  // namespace finger
