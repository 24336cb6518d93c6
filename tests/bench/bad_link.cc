// A link between two network namespaces, as bad as it is told to be: what tc-netem(8) does, for
// kernels that do not have it. Its ends are two TUN devices called `bad`, which get their addresses
// from the program that starts it. Runs until it is ended.
//
//     bad_link PID PID [delay=MS] [loss=PERCENT] [duplicate=PERCENT] [reorder=PERCENT]
//              [rate=KBIT] [seed=N]
//
// The PIDs are of processes in the two namespaces. A packet that is reordered does without the
// delay, and so overtakes others; a rate is that of each direction. Prints `ready`.

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <queue>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

/// What is said on the command line, and nothing where it is not.
struct Badness {
  double delay = 0;  ///< Milliseconds.
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;
  double rate = 0;  ///< Kilobits a second; 0: as fast as can be.
  double seed = 1;
};

struct Packet {
  Clock::time_point due;
  std::uint64_t number;  ///< Those that are due at the same time keep their order.
  std::vector<char> bytes;

  friend bool operator<(const Packet& a, const Packet& b) {
    return a.due != b.due ? a.due > b.due : a.number > b.number;  // the soonest on top
  }
};

int check(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

/// One end, in the namespace of that process.
common::Fd open_end(const std::string& pid) {
  const common::Fd space(
      check(::open(("/proc/" + pid + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC), "namespace"));
  check(::setns(space.get(), CLONE_NEWNET), "setns");
  common::Fd end(check(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun"));
  ifreq request{};
  std::strcpy(request.ifr_name, "bad");
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  check(::ioctl(end.get(), TUNSETIFF, &request), "TUNSETIFF");
  return end;
}

/// What comes in at one end and is to go out at the other.
class Direction {
 public:
  Direction(const common::Fd& from, const common::Fd& to, const Badness& badness)
      : from_(from), to_(to), badness_(badness), random_(static_cast<unsigned>(badness.seed)) {}

  void receive() {
    while (true) {
      const ssize_t size = ::read(from_.get(), buffer_.data(), buffer_.size());
      if (size <= 0) return;  // EAGAIN; EIO: the device is down
      if (happens(badness_.loss)) continue;
      const int copies = happens(badness_.duplicate) ? 2 : 1;
      for (int i = 0; i < copies; ++i) hold(static_cast<std::size_t>(size));
    }
  }

  void send_due(Clock::time_point now) {
    while (!held_.empty() && held_.top().due <= now) {
      const auto& bytes = held_.top().bytes;
      (void)!::write(to_.get(), bytes.data(), bytes.size());  // a device that is down loses it
      held_.pop();
    }
  }

  Clock::time_point due() const {
    return held_.empty() ? Clock::time_point::max() : held_.top().due;
  }

 private:
  bool happens(double percent) {
    return percent > 0 && std::uniform_real_distribution(0.0, 100.0)(random_) < percent;
  }

  void hold(std::size_t size) {
    auto due = Clock::now();
    if (badness_.rate > 0) {
      const auto bits = static_cast<double>(size * 8);
      free_at_ = std::max(free_at_, due) +
                 microseconds(static_cast<std::int64_t>(bits * 1000 / badness_.rate));
      due = free_at_;
    }
    if (!happens(badness_.reorder)) {
      due += microseconds(static_cast<std::int64_t>(badness_.delay * 1000));
    }
    held_.push({due, number_++, std::vector<char>(buffer_.begin(), buffer_.begin() + size)});
  }

  const common::Fd& from_;
  const common::Fd& to_;
  const Badness& badness_;
  std::mt19937 random_;
  std::priority_queue<Packet> held_;
  std::uint64_t number_ = 0;
  Clock::time_point free_at_{};
  std::array<char, 65536> buffer_{};
};

Badness parse(std::span<char*> words) {
  Badness badness;
  const std::map<std::string_view, double*> known{
      {"delay", &badness.delay},     {"loss", &badness.loss}, {"duplicate", &badness.duplicate},
      {"reorder", &badness.reorder}, {"rate", &badness.rate}, {"seed", &badness.seed}};
  for (const std::string word : words) {
    const auto equals = word.find('=');
    const auto found = known.find(std::string_view(word).substr(0, equals));
    if (found == known.end() || equals == word.npos) {
      std::fprintf(stderr, "bad_link: %s is nothing it knows\n", word.c_str());
      std::exit(2);
    }
    *found->second = std::atof(word.c_str() + equals + 1);
  }
  return badness;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bad_link PID PID [delay=MS] [loss=PERCENT] …\n");
    return 2;
  }
  const Badness badness = parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(3));
  const auto one = open_end(argv[1]);
  const auto other = open_end(argv[2]);
  Direction there(one, other, badness);
  Direction back(other, one, badness);
  std::puts("ready");
  std::fflush(stdout);

  std::array<pollfd, 2> ends{{{one.get(), POLLIN, 0}, {other.get(), POLLIN, 0}}};
  while (true) {
    const auto due = std::min(there.due(), back.due());
    const auto wait = std::clamp(due - Clock::now(), Clock::duration::zero(),
                                 Clock::duration(std::chrono::seconds(1)));
    const auto ns = std::chrono::nanoseconds(wait).count();
    const timespec timeout{ns / 1'000'000'000, ns % 1'000'000'000};
    (void)::ppoll(ends.data(), ends.size(), &timeout, nullptr);  // EINTR: it looks around
    there.receive();
    back.receive();
    const auto now = Clock::now();
    there.send_due(now);
    back.send_due(now);
    // A device that is down is an error at once, again and again.
    if (((ends[0].revents | ends[1].revents) & POLLERR) != 0) ::usleep(1000);
  }
}
