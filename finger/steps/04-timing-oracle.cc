// Two answers have the same words, "No such user", but the time they take tells which user exists.
// BROKEN: look the name up for each query, in a file like passwd(5): the search ends where it finds
// the name, and reads to the end when there is none. (With names from a network the difference is
// milliseconds.) Fixed: put the users that have opted in into a table beforehand; neither of the
// two names is in it, and the same search fails for both.
// The strangers' score: given a name that exists and one that does not, how often the slower answer
// is the one that does not exist. 0.5 is guessing.
// Try it: ./04-timing-oracle

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int users = 2000;         // their numbers are even
constexpr int opted_in_every = 20;  // a user out of so many
constexpr int questions = 1000;     // of each kind
constexpr int columns = 40;

std::minstd_rand dice(1288);
std::string file;                // like passwd(5)
std::vector<std::string> table;  // the users that have opted in, sorted

std::string name_of(int number) { return "user" + std::to_string(100'000 + number); }

bool in_file(const std::string& name) {
  std::ifstream passwd(file);
  for (std::string line; std::getline(passwd, line);) {
    if (line.substr(0, line.find(':')) == name) return true;
  }
  return false;
}

bool in_table(const std::string& name) {
  return std::binary_search(table.begin(), table.end(), name);
}

double nanoseconds(bool (*find)(const std::string&), const std::string& name) {
  [[maybe_unused]] volatile bool found;  // or the compiler would leave the call out
  timespec before{};
  timespec after{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  found = find(name);
  clock_gettime(CLOCK_MONOTONIC, &after);
  return static_cast<double>(after.tv_sec - before.tv_sec) * 1e9 +
         static_cast<double>(after.tv_nsec - before.tv_nsec);
}

/// How often one of `b` is larger than one of `a`; two that are equal count half.
double score(const std::vector<double>& a, const std::vector<double>& b) {
  double larger = 0;
  for (const double x : a) {
    for (const double y : b) {
      if (y > x) larger += 1;
      if (y == x) larger += 0.5;
    }
  }
  return larger / static_cast<double>(a.size() * b.size());
}

void draw(const char* title, const std::vector<double>& times, double from, double to) {
  std::vector<int> bars(columns, 0);
  for (const double time : times) {
    const double at = (time - from) / (to - from) * columns;
    ++bars[static_cast<std::size_t>(std::clamp(at, 0.0, columns - 1.0))];
  }
  const int highest = *std::max_element(bars.begin(), bars.end());
  std::printf("  %-15s|", title);
  for (const int bar : bars) std::putchar(" .:-=+*#"[(bar * 7 + highest - 1) / highest]);
  std::puts("|");
}

void ask(const char* title, bool (*find)(const std::string&)) {
  std::vector<double> existing;
  std::vector<double> absent;
  std::uniform_int_distribution<int> any(0, users / opted_in_every - 1);
  for (int i = 0; i < questions; ++i) {
    existing.push_back(nanoseconds(find, name_of(2 * (opted_in_every * any(dice) + 10))));
    absent.push_back(nanoseconds(find, name_of(2 * (opted_in_every * any(dice) + 10) + 1)));
  }
  auto all = existing;
  all.insert(all.end(), absent.begin(), absent.end());
  std::sort(all.begin(), all.end());
  const double from = all.front();
  const double to = all[all.size() * 98 / 100] + 1;  // without the few that were interrupted
  std::printf("%s, %.3g to %.3g us\n", title, from / 1e3, to / 1e3);
  draw("not opted in", existing, from, to);
  draw("does not exist", absent, from, to);
  std::printf("  strangers' score: %.2f\n", score(existing, absent));
}

}  // namespace

int main(int, char** argv) {
  file = std::string(argv[0]) + ".passwd." + std::to_string(std::random_device()());
  std::ofstream passwd(file);
  for (int i = 0; i < users; ++i) passwd << name_of(2 * i) << ":x:1000:1000::/home:/bin/sh\n";
  passwd.close();
  for (int i = 0; i < users; i += opted_in_every) table.push_back(name_of(2 * i));
  ask("broken, a lookup for each query", in_file);
  ask("fixed, a table made beforehand", in_table);
  std::remove(file.c_str());
}
