// When all connections have the same timeout, the one renewed last is due last. So the list stays
// sorted if a connection moves to its end when it arrives and whenever it completes a message:
// O(1), no search, and the first entry is the next deadline. Bytes that complete no message move
// nothing. The time is a parameter; 07-next-deadline shows what poll(2) makes of it.
// Try it: ./08-deadline-list

#include <cstdio>
#include <list>

namespace {

struct Connection {
  char name;
  int deadline_s;
};

class Deadlines {
 public:
  using Position = std::list<Connection>::iterator;  // good until the entry is erased

  Position add(char name, int now_s) {
    return list_.insert(list_.end(), {name, now_s + timeout_s});
  }

  void renew(Position position, int now_s) {
    position->deadline_s = now_s + timeout_s;
    list_.splice(list_.end(), list_, position);  // moves one node: no copy, no allocation
  }

  void close_overdue(int now_s) {
    while (!list_.empty() && list_.front().deadline_s <= now_s) list_.pop_front();
  }

  void print(int now_s, const char* event) const {
    std::printf("%3d s  %-34s due", now_s, event);
    for (const Connection& one : list_) std::printf("  %c at %d", one.name, one.deadline_s);
    std::puts(list_.empty() ? "  nobody" : "");
  }

 private:
  static constexpr int timeout_s = 60;
  std::list<Connection> list_;
};

}  // namespace

int main() {
  Deadlines deadlines;
  const auto a = deadlines.add('a', 0);
  deadlines.add('b', 1);
  deadlines.add('c', 2);
  deadlines.print(2, "a, b, c have connected");
  deadlines.renew(a, 10);
  deadlines.print(10, "a completes a message");
  deadlines.print(50, "b sends one byte of a message");
  for (const int now_s : {61, 62, 70}) {
    deadlines.close_overdue(now_s);
    deadlines.print(now_s, "close_overdue()");
  }
}
