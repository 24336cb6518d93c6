#include "uring/trace.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <map>
#include <regex>
#include <string>

#include "fixture.h"
#include "uring/extra/link.h"

namespace {

using namespace tests;

Task<> sleep_long(Loop& loop) { (void)co_await loop.sleep(1h); }

Task<> do_things(Loop& loop) {
  const auto ends = unix_connection();
  std::array<std::byte, 8> buffer;
  (void)co_await loop.recv(ends.server, buffer).within(1ms);
  (void)co_await link(loop.nop(), loop.nop());
  Scope scope(loop);
  for (int i = 0; i < 10; ++i) scope.spawn(sleep_long(loop));
  (void)co_await loop.nop();
  scope.cancel();
  co_await scope.join();
  Scope left_behind(loop);
  left_behind.spawn(sleep_long(loop));
}

std::string trace_of(Task<> (*task)(Loop&)) {
  char path[] = "/tmp/uring_trace.XXXXXX";
  const common::Fd file(::mkstemp(path));
  {
    const auto loop = tests::make_loop(tests::ring_setup(), path);
    loop->run(task(*loop));
  }
  std::ifstream stream(path);
  std::string trace{std::istreambuf_iterator<char>(stream), {}};
  ::unlink(path);
  return trace;
}
std::string trace_of_things() { return trace_of(do_things); }

TEST(UringTrace, EveryOperationThatBeganHasAnEnd) {
  const auto trace = trace_of_things();
  const std::regex event(R"re(\{"ph":"([ben])","cat":"operation","id":(\d+),"name":"(\w+)")re");
  std::map<int, std::string> open;
  int spans = 0;
  for (auto it = std::sregex_iterator(trace.begin(), trace.end(), event);
       it != std::sregex_iterator(); ++it) {
    const std::string phase = (*it)[1];
    const int id = std::stoi((*it)[2]);
    if (phase == "b") {
      EXPECT_TRUE(open.emplace(id, (*it)[3]).second) << id;
      ++spans;
    } else {
      EXPECT_EQ(open[id], (*it)[3]) << id;
      if (phase == "e") open.erase(id);
    }
  }
  EXPECT_EQ(spans, 16);  // one is the timeout of the loop itself, which may outlive all others
  EXPECT_TRUE(open.empty());
}

TEST(UringTrace, ShowsWhatWasCancelledAndLinked) {
  const auto trace = trace_of_things();
  EXPECT_THAT(trace, ::testing::HasSubstr(R"("args":{"asked":"cancel"})"));
  EXPECT_THAT(trace, ::testing::ContainsRegex(R"re("args":\{"linked_behind":[0-9]+\})re"));
}

TEST(UringTrace, SaysWhyAFileCannotBeWritten) {
  EXPECT_THAT(uring::Trace::create("/no/such/directory/trace"),
              tests::FailedWith(std::errc::no_such_file_or_directory));
}

}  // namespace
