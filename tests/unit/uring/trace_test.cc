// What else a trace shows, tests/protocol asks.
#include "uring/trace.h"

#include <unistd.h>

#include <fstream>
#include <string>

#include "fixture.h"
#include "uring/extra/link.h"

namespace {

using namespace tests;

TEST(UringTrace, ShowsWhatWasLinked) {
  char path[] = "/tmp/uring_trace.XXXXXX";
  const common::Fd file(::mkstemp(path));
  {
    const auto loop = tests::make_loop(tests::ring_setup(), path);
    loop->run([](Loop& on) -> Task<> { (void)co_await link(on.nop(), on.nop()); }(*loop));
  }
  std::ifstream stream(path);
  const std::string trace{std::istreambuf_iterator<char>(stream), {}};
  ::unlink(path);
  EXPECT_THAT(trace, ::testing::ContainsRegex(R"re("args":\{"linked_behind":[0-9]+\})re"));
}

TEST(UringTrace, SaysWhyAFileCannotBeWritten) {
  EXPECT_THAT(uring::Trace::create("/no/such/directory/trace"),
              tests::FailedWith(std::errc::no_such_file_or_directory));
}

}  // namespace
