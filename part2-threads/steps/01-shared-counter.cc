// BROKEN on purpose: four threads count in a plain variable. Each loads, adds one and stores; what
// another thread stored in between is lost. The atomic counter loses nothing.
// Try it: ./01-shared-counter   or, with less time to meet,   ./01-shared-counter quickly
//         and, for a report,   ./01-shared-counter-tsan
// build: also with -fsanitize=thread

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

constexpr int threads = 4;
constexpr int rounds = 200'000;  // long enough that the threads meet

long plain = 0;
std::atomic<long> exact = 0;

void count(bool quickly) {
  for (int round = 0; round < rounds; ++round) {
    // ++plain does the same. It's a race, and undefined behaviour, whatever the number.
    const long before = plain;
    if (!quickly) getppid();  // any system call: it leaves time between load and store
    plain = before + 1;
    ++exact;
  }
}

int main(int argc, char**) {
  std::vector<std::thread> counting;
  for (int i = 0; i < threads; ++i) counting.emplace_back(count, argc > 1);
  for (std::thread& thread : counting) thread.join();
  std::printf("counted  %d\n", threads * rounds);
  std::printf("plain    %ld\n", plain);
  std::printf("atomic   %ld\n", exact.load());
}
