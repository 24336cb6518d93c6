// Many deadlines, each moved whenever its peer is heard of: what others call a timer wheel.
// Try it: ./deadlines

#include <cstdio>
#include <memory>
#include <vector>

#include "uring/loop.h"

using namespace std::chrono_literals;

/// One peer, which must be heard of every 300 ms.
class Watch {
 public:
  explicit Watch(uring::Loop& loop) : loop_(loop), silence_(loop, loop.now() + limit) {}

  void heard() { silence_.renew(loop_.now() + limit); }  // a store, and no system call

  /// Ends when the peer has been silent for too long.
  uring::Task<> run() {
    const auto passed = co_await silence_.passed();
    late_ = passed.has_value();
  }
  bool late() const { return late_; }

 private:
  static constexpr auto limit = 300ms;
  uring::Loop& loop_;
  uring::Deadline silence_;
  bool late_ = false;
};

uring::Task<> watch_many(uring::Loop& loop) {
  std::vector<std::unique_ptr<Watch>> peers;
  uring::Scope watches(loop);
  for (int i = 0; i < 1000; ++i) {
    peers.push_back(std::make_unique<Watch>(loop));
    watches.spawn(peers.back()->run());
  }
  for (int beat = 0; beat < 60; ++beat) {
    (void)co_await loop.sleep(10ms);
    for (std::size_t i = 0; i < peers.size(); i += 2) peers[i]->heard();  // the others are silent
  }
  std::size_t late = 0;
  for (const auto& peer : peers) late += peer->late() ? 1 : 0;
  std::printf("late: %zu of %zu\n", late, peers.size());
  watches.cancel();
  co_await watches.join();
}

int main() {
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::explain(loop.error()).c_str());
    return 1;
  }
  (*loop)->run(watch_many(**loop));
}
