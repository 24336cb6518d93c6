// Misbehaves towards an echo server with many connections, and looks what that does to the others:
// a bystander, who was there before and sends a message now and then, and newcomers, each with one.
// An attacker that is thrown out, and notices, comes back at once.
// - never-reads: sends and takes no answers
// - dribbles: a byte of a long message now and then
// - pipelines: sends without waiting, and reads slowly
// - silent: says nothing at all
// Try it: ./variants attack port=5882 kind=never-reads attackers=8 bytes_a_second=268435456 ms=1000

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include "common/net/address.h"
#include "common/server/duration.h"
#include "load/histogram.h"
#include "variants/variant.h"

namespace {

using common::Clock;
using variants::check;

constexpr auto tick = std::chrono::milliseconds(1);
constexpr auto dribble_pause = std::chrono::milliseconds(20);
constexpr auto bystander_pause = std::chrono::microseconds(200);
constexpr auto newcomer_pause = std::chrono::milliseconds(5);
constexpr int least_urgent = 19;  // the attackers share a core with those who are measured
constexpr std::array<char, 6> hello{2, 0, 0, 0, 'h', 'i'};
constexpr std::array<char, 5> long_message{0, 0, 1, 0, 'a'};  // the beginning of 65536 bytes
constexpr std::array<char, 65536> empty_messages{};
constexpr std::size_t read_bytes_max =
    4096;  // in a tick: who pipelines reads more slowly than it sends

common::Fd connect_to(const common::Address& server) {
  common::Fd fd(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  check(::connect(fd.get(), server.data(), server.size()), "connect");
  return fd;
}

/// One connection of those that misbehave.
class Attacker {
 public:
  Attacker(const std::string& kind, const common::Address& server)
      : kind_(kind), server_(server), fd_(connect_to(server)) {}

  /// What it does in a tick; at most so many bytes. Returns how many it has sent.
  std::size_t act(Clock::time_point now, std::size_t bytes_max) {
    if (kind_ != "never-reads") read_some();
    if (kind_ == "silent") return 0;
    if (kind_ == "dribbles") return dribble(now);
    const std::size_t size = std::min(bytes_max, empty_messages.size()) / 4 * 4;
    return send_some(empty_messages.data(), size);
  }

  std::uint64_t thrown_out() const { return thrown_out_; }

 private:
  std::size_t dribble(Clock::time_point now) {
    if (now < next_byte_) return 0;
    next_byte_ = now + dribble_pause;
    const std::size_t index = std::min(sent_++, long_message.size() - 1);
    return send_some(&long_message[index], 1);
  }

  std::size_t send_some(const char* bytes, std::size_t size) {
    const ssize_t sent = ::send(fd_.get(), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EAGAIN) come_back();
    return 0;
  }

  void read_some() {
    std::array<char, read_bytes_max> answers;
    const ssize_t got = ::recv(fd_.get(), answers.data(), answers.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) come_back();
  }

  void come_back() {
    ++thrown_out_;
    fd_ = common::Fd();
    fd_ = connect_to(server_);
    sent_ = 0;
  }

  const std::string& kind_;
  const common::Address& server_;
  common::Fd fd_;
  std::size_t sent_ = 0;
  Clock::time_point next_byte_;
  std::uint64_t thrown_out_ = 0;
};

struct Tally {
  load::Histogram latency;  ///< Nanoseconds.
  std::uint64_t unanswered = 0;
};

/// Says hello and waits for the answer until `end`; counts it.
bool exchange(const common::Fd& fd, Clock::time_point begin, Clock::time_point end, Tally& tally) {
  const auto left = std::max(end - begin, Clock::duration(std::chrono::milliseconds(1)));
  const timeval patience{
      .tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count(),
      .tv_usec = std::chrono::duration_cast<std::chrono::microseconds>(left).count() % 1'000'000};
  check(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
  std::array<char, hello.size()> answer;
  const bool answered =
      ::send(fd.get(), hello.data(), hello.size(), MSG_NOSIGNAL) == hello.size() &&
      ::recv(fd.get(), answer.data(), answer.size(), MSG_WAITALL) == hello.size() &&
      answer == hello;
  if (answered) {
    tally.latency.add(static_cast<std::uint64_t>((Clock::now() - begin).count()));
  } else {
    ++tally.unanswered;
  }
  return answered;
}

void be_bystander(const common::Fd& fd, Clock::time_point end, Tally& tally) {
  for (auto now = Clock::now(); now < end; now = Clock::now()) {
    if (!exchange(fd, now, end, tally)) return;
    std::this_thread::sleep_for(bystander_pause);
  }
}

void be_newcomers(const common::Address& server, Clock::time_point end, Tally& tally) {
  for (auto now = Clock::now(); now < end; now = Clock::now()) {
    exchange(connect_to(server), now, end, tally);
    std::this_thread::sleep_for(newcomer_pause);
  }
}

void misbehave(std::vector<Attacker>& attackers, std::uint32_t bytes_a_second,
               Clock::time_point end) {
  check(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), least_urgent), "setpriority");
  const auto begin = Clock::now();
  std::uint64_t sent = 0;
  for (auto now = begin; now < end; now = Clock::now()) {
    const double seconds = std::chrono::duration<double>(now - begin + tick).count();
    const auto allowed = static_cast<std::uint64_t>(seconds * bytes_a_second);
    for (Attacker& attacker : attackers) {
      const std::uint64_t left = (allowed - std::min(allowed, sent)) / attackers.size();
      sent += attacker.act(now, left);
    }
    std::this_thread::sleep_for(tick);
  }
}

variants::Numbers attack(const variants::Words& words) {
  const auto port = static_cast<std::uint16_t>(words.number("port"));
  const auto server = common::Address::parse("127.0.0.1", port);
  const auto bystander = connect_to(*server);
  const int on = 1;
  check(::setsockopt(bystander.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  Tally before, beside, newcomers;
  const auto begin = Clock::now();
  if (!exchange(bystander, begin, begin + std::chrono::seconds(10), before)) check(-1, "hello");

  std::vector<Attacker> attackers;
  for (std::uint32_t i = 0; i < words.number("attackers"); ++i) {
    attackers.emplace_back(words.text("kind"), *server);
  }
  const auto end = Clock::now() + words.milliseconds("ms");
  {
    const std::jthread first([&] { misbehave(attackers, words.number("bytes_a_second"), end); });
    const std::jthread second([&] { be_bystander(bystander, end, beside); });
    const std::jthread third([&] { be_newcomers(*server, end, newcomers); });
  }
  const auto us = [](const Tally& tally, double share) {
    return static_cast<double>(tally.latency.quantile(share)) / 1e3;
  };
  std::uint64_t thrown_out = 0;
  for (const Attacker& attacker : attackers) thrown_out += attacker.thrown_out();
  return {{"answers", beside.latency.total()},
          {"unanswered", beside.unanswered},
          {"p50_us", us(beside, 0.5)},
          {"p99_us", us(beside, 0.99)},
          {"newcomers", newcomers.latency.total()},
          {"newcomers_unanswered", newcomers.unanswered},
          {"newcomer_ms", us(newcomers, 0.5) / 1e3},
          {"thrown_out", thrown_out}};
}

const variants::Variant known("attack", attack);

}  // namespace
