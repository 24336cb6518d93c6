#include "finger/service/counters.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <new>
#include <type_traits>

namespace finger {

common::Result<std::unique_ptr<Generations>> Generations::create(std::size_t workers) {
  const std::size_t bytes = sizeof(Pages) + processes_max * workers * sizeof(WorkerCounters);
  // What no process touches takes no memory.
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return common::last_error();
  return std::unique_ptr<Generations>(new Generations(memory, bytes, workers));
}

Generations::Generations(void* memory, std::size_t bytes, std::size_t workers)
    : bytes_(bytes),
      workers_(workers),
      pages_(new (memory) Pages),
      started_at_seconds_(static_cast<std::uint64_t>(std::time(nullptr))) {
  static_assert(std::is_trivially_destructible_v<WorkerCounters>);
}

Generations::~Generations() { (void)::munmap(pages_, bytes_); }

std::optional<std::size_t> Generations::begin() {
  for (std::size_t i = 0; i < processes_max; ++i) {
    if (pages_->process[i] != 0) continue;
    std::ranges::uninitialized_value_construct(of(i));
    pages_->process[i] = ::getpid();
    return i;
  }
  return std::nullopt;
}

void Generations::end_all_but(std::span<const pid_t> processes) {
  for (std::size_t i = 0; i < processes_max; ++i) {
    const pid_t process = pages_->process[i];
    if (process == 0 || std::ranges::find(processes, process) != processes.end()) continue;
    ++pages_->changes;
    for (const WorkerCounters& each : of(i)) pages_->ended.take_over(each);
    pages_->process[i] = 0;
    ++pages_->changes;
  }
}

std::vector<const WorkerCounters*> Generations::all() const {
  std::vector<const WorkerCounters*> found{&pages_->ended};
  for (std::size_t i = 0; i < processes_max; ++i) {
    if (pages_->process[i] == 0) continue;
    for (const WorkerCounters& each : of(i)) found.push_back(&each);
  }
  return found;
}

}  // namespace finger
