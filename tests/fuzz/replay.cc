// Runs a fuzz target on its seeds and random changes of them, or on files.
// Try it: ./http_session_replay --changes 100000, or with the file that a failure left.

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>

#include "target.h"

namespace {

std::string input;      // of the current run
std::string left_file;  // for an input that ends the program

void run(std::string next) {
  input = std::move(next);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

void leave_input(int) {
  const int file = ::open(left_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (::write(file, input.data(), input.size()) == static_cast<ssize_t>(input.size())) {
    std::fprintf(stderr, "the input is in %s\n", left_file.c_str());
  }
}

class Changer {
 public:
  explicit Changer(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

  /// A seed with one to eight changes.
  std::string next() {
    std::string changed = any_seed();
    for (std::size_t changes = below(8) + 1; changes > 0; --changes) change(changed);
    return changed;
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }
  const std::string& any_seed() { return seeds_[below(seeds_.size())]; }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::string& other = any_seed();
    const std::size_t from = below(other.size() + 1);
    switch (below(5)) {
      case 0:  // a bit
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ 1 << below(8));
        break;
      case 1:  // a byte
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 2:  // some bytes less
        text.erase(at, below(10));
        break;
      case 3:  // some of another seed
        text.insert(at, other, from, below(40));
        break;
      default:  // go on as another seed
        text.replace(at, std::string::npos, other, from);
    }
  }

  std::vector<std::string> seeds_;
  std::mt19937 random_{5882};
};

/// Runs the seed with every first byte, so its stream is cut in two at each of the first 255 bytes.
void run_all_slicings(std::string seed) {
  for (int slicing = 0; slicing < 256; ++slicing) {
    seed[0] = static_cast<char>(slicing);
    run(seed);
  }
}

int replay_changes(std::string_view count_text) {
  std::size_t count = 0;
  std::from_chars(count_text.data(), count_text.data() + count_text.size(), count);
  for (const auto& seed : tests::seeds()) run_all_slicings(seed);
  Changer changer(tests::seeds());
  for (std::size_t i = 0; i < count; ++i) run(changer.next());
  std::printf("%zu seeds and %zu changes of them: as promised\n", tests::seeds().size(), count);
  return 0;
}

}  // namespace

// Sanitizers abort(3), too, instead of exit(3). Source: their manuals, "Runtime flags".
extern "C" const char* __asan_default_options() { return "abort_on_error=1"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1"; }

int main(int argc, char** argv) {
  left_file = argv[0] + std::string(".input");
  (void)std::signal(SIGABRT, leave_input);  // abort(3) ends the program after that
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (argc == 3 && what == "--changes") return replay_changes(argv[2]);
  if (argc == 1 || what.starts_with('-')) {
    std::fprintf(stderr, "usage: %s --changes N | FILE...\n", argv[0]);
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    run(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return 0;
}
