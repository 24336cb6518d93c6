// Is a patch slower than the release? A server is tried as it is, as it is once more, with a look
// at the clock for each message, and with a poll(2) before each receive. Each costs a little, or
// nothing; one round names a winner in any case, and several say whether to believe it.
// Try it: ./05-is-it-slower 1, a few times, ./05-is-it-slower 9, and ./05-is-it-slower 60

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

namespace {

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

enum Version { release, again, with_clock, with_poll };
constexpr std::array names{"release", "the release again", "with a clock", "with a poll"};

std::chrono::steady_clock::time_point last_message;
int kept_waiting;

// [answer]
void answer(int client, Version version, int messages) {
  char byte;
  for (int i = 0; i < messages; ++i) {
    pollfd wanted{client, POLLIN, 0};
    if (version == with_poll && check(poll(&wanted, 1, 0), "poll") == 0) ++kept_waiting;
    check(recv(client, &byte, 1, 0), "recv");
    if (version == with_clock) last_message = std::chrono::steady_clock::now();
    check(send(client, &byte, 1, MSG_NOSIGNAL), "send");
  }
}
// [/answer]

double processor_us() {
  timespec used{};
  check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), "clock_gettime");
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

constexpr int warm_up = 2'000;
constexpr int messages = 20'000;

// [cost]
/// Processor time of a message, in µs, in a server that has only just been started.
double cost_of(Version version) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
  if (check(fork(), "fork") == 0) {
    answer(ends[1], version, warm_up);
    const double before = processor_us();
    answer(ends[1], version, messages);
    const double cost = (processor_us() - before) / messages;
    check(write(ends[1], &cost, sizeof cost), "write");
    _exit(0);
  }
  std::array<char, 100> batch{};  // of messages of one byte, so that the server seldom sleeps
  for (int sent = 0; sent < warm_up + messages; sent += batch.size()) {
    check(send(ends[0], batch.data(), batch.size(), MSG_NOSIGNAL), "send");
    check(recv(ends[0], batch.data(), batch.size(), MSG_WAITALL), "recv");
  }
  double cost = 0;
  check(read(ends[0], &cost, sizeof cost), "read");
  close(ends[0]);
  close(ends[1]);
  wait(nullptr);
  return cost;
}
// [/cost]

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 1;
  // [rounds]
  std::array<std::vector<double>, names.size()> ratios;
  std::array order{release, again, with_clock, with_poll};
  std::mt19937 dice(std::random_device{}());
  for (int round = 0; round < rounds; ++round) {
    std::array<double, names.size()> cost;
    std::shuffle(order.begin(), order.end(), dice);
    for (const Version version : order) cost[version] = cost_of(version);
    for (const Version version : order) ratios[version].push_back(cost[version] / cost[release]);
  }
  // [/rounds]
  std::printf("%-17s  median  lowest  highest  slower in\n", "");
  for (const Version version : {again, with_clock, with_poll}) {
    std::vector<double>& found = ratios[version];
    std::sort(found.begin(), found.end());
    const auto slower = std::count_if(found.begin(), found.end(), [](double r) { return r > 1; });
    std::printf("%-17s  %6.3f  %6.3f  %7.3f  %zd of %d\n", names[version], found[found.size() / 2],
                found.front(), found.back(), static_cast<ssize_t>(slower), rounds);
  }
}
