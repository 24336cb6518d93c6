// Runs rounds of play() with consecutive seeds, in loops that are made again and again. If anything
// ends the process early, whether a check of ours, an assertion or a sanitizer, we print a line
// that names the round: --seed N --rounds 1 repeats it, as far as the kernel does the same. --trace
// FILE leaves the life of all operations in the last loop, where one that hangs has no end. A
// signal interrupts slow system calls, every 0.3 ms in every other round, every 100 ms in the rest.

#include "fuzz_main.h"

#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

/// From the sanitizers' runtime, if there is one.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace fuzz {
namespace {

using uring::Clock;

constexpr auto hang = std::chrono::seconds(60);  // an operation takes milliseconds
std::array<char, 256> round_text;                // ready for a signal handler to write

/// For the signal handler, which runs in the loop's own thread.
struct Progress {
  const uring::Loop* of = nullptr;  // nullptr between rounds
  std::uint32_t ended = 0;          // operations, at the last look
  Clock::time_point since;          // when the number last changed
};
Progress progress;

void name_the_round() {
  (void)!::write(STDERR_FILENO, round_text.data(), std::strlen(round_text.data()));
}

/// Names the round just before the process ends, when it does no harm any more to call functions
/// that aren't async-signal-safe.
void aborted(int) {
  name_the_round();
  std::fflush(nullptr);  // the trace
}

/// A system call that this interrupts fails with EINTR, because it isn't restarted. A long round
/// needn't hang: at the lowest priority on a busy machine, one was still at work after a minute.
void tick(int) {
  if (progress.of == nullptr) return;
  const auto now = Clock::now();
  if (const auto ended = progress.of->ended(); ended != progress.ended) {
    progress.ended = ended;
    progress.since = now;
  }
  if (now - progress.since < hang) return;
  constexpr char text[] = "the round hangs\n";
  (void)!::write(STDERR_FILENO, text, sizeof text - 1);
  std::abort();
}

void tick_every(std::chrono::microseconds time) {
  struct sigaction action {};
  action.sa_handler = tick;  // without SA_RESTART
  const itimerval every{.it_interval = {.tv_sec = 0, .tv_usec = time.count()},
                        .it_value = {.tv_sec = 0, .tv_usec = time.count()}};
  if (::sigaction(SIGALRM, &action, nullptr) < 0) fail("sigaction");
  if (::setitimer(ITIMER_REAL, &every, nullptr) < 0) fail("setitimer");
}

void begin_round(const char* program, const std::string& ring, unsigned seed,
                 const uring::Loop& loop) {
  (void)std::snprintf(round_text.data(), round_text.size(),
                      "repeat it: %s --ring '%s' --seed %u --rounds 1\n", program, ring.c_str(),
                      seed);
  progress = {.of = &loop, .ended = loop.ended(), .since = Clock::now()};
  tick_every(std::chrono::microseconds(seed % 2 == 0 ? 300 : 100'000));
}

struct Options {
  unsigned seed = 1;
  std::uint64_t rounds = ~std::uint64_t{0};
  std::chrono::seconds time{2};
  std::string ring;
  const char* trace = nullptr;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const char* const value = argv[i + 1];
    if (name == "--seed") options.seed = static_cast<unsigned>(std::strtoul(value, nullptr, 10));
    if (name == "--rounds") options.rounds = std::strtoull(value, nullptr, 10);
    if (name == "--seconds") options.time = std::chrono::seconds(std::atoi(value));
    if (name == "--ring") options.ring = value;
    if (name == "--trace") options.trace = value;
  }
  if (argc % 2 == 0 || (argc > 1 && std::strncmp(argv[1], "--", 2) != 0)) {
    std::fprintf(stderr,
                 "usage: %s [--seed N] [--rounds N] [--seconds N] [--ring LIST] [--trace FILE]\n",
                 argv[0]);
    std::exit(2);
  }
  return options;
}

}  // namespace

void fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace fuzz

int main(int argc, char** argv) {
  using namespace fuzz;
  const auto options = parse_options(argc, argv);
  auto setup = uring::Setup::parse(options.ring);
  if (!setup) fail("no such ring");
  setup->check_memory = true;
  if (std::signal(SIGABRT, aborted) == SIG_ERR) fail("signal");
  if (&__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(name_the_round);

  const auto end = Clock::now() + options.time;
  Figures figures;
  // We use a loop for a hundred rounds, so that each round meets the leftovers of the one before.
  while (figures.rounds < options.rounds && Clock::now() < end) {
    auto loop = uring::Loop::create(*setup);
    if (!loop) fail(uring::why_no_ring(loop.error()).c_str());
    if (options.trace != nullptr) (*loop)->set_trace(*uring::Trace::create(options.trace));
    for (int i = 0; i < 100 && figures.rounds < options.rounds && Clock::now() < end; ++i) {
      const unsigned seed = options.seed + static_cast<unsigned>(figures.rounds);
      begin_round(argv[0], options.ring, seed, **loop);
      const auto begun = (*loop)->begun();
      (*loop)->run(play(**loop, seed, figures));
      progress.of = nullptr;
      if ((*loop)->begun() != (*loop)->ended()) fail("something that began has not ended");
      ++figures.rounds;
      figures.operations += (*loop)->begun() - begun;
    }
  }
  std::printf("%s: %llu rounds, %llu operations, %llu bytes in %llu streams: nothing lost\n",
              options.ring.c_str(), static_cast<unsigned long long>(figures.rounds),
              static_cast<unsigned long long>(figures.operations),
              static_cast<unsigned long long>(figures.bytes),
              static_cast<unsigned long long>(figures.checked));
  return 0;
}
