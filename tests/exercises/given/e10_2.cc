// A ring between two threads, as between you and the kernel: one fills in entries and moves the
// tail, the other takes them and moves the head. BROKEN: with -O2 of g++ 12, some are wrong.
// Try it: g++ -std=c++20 -O2 -pthread e10_2.cc && ./a.out

#include <cstdio>
#include <thread>

namespace {

constexpr unsigned slots = 256;  // a power of two: a mask finds the slot
constexpr unsigned entries = 100'000;

unsigned head = 0;
unsigned tail = 0;
unsigned ring[slots];

unsigned load(const volatile unsigned& index) { return index; }
void store(volatile unsigned& index, unsigned value) { index = value; }

void produce() {
  for (unsigned n = 0; n < entries; ++n) {
    while (n - load(head) == slots) std::this_thread::yield();  // full
    ring[n & (slots - 1)] = n * n;
    store(tail, n + 1);
  }
}

unsigned consume() {
  unsigned wrong = 0;
  for (unsigned n = 0; n < entries; ++n) {
    while (load(tail) == n) std::this_thread::yield();  // empty
    if (ring[n & (slots - 1)] != n * n) ++wrong;
    store(head, n + 1);
  }
  return wrong;
}

}  // namespace

int main() {
  std::thread producer(produce);
  const unsigned wrong = consume();
  producer.join();
  std::printf("%u entries, %u wrong\n", entries, wrong);
  return wrong == 0 ? 0 : 1;
}
