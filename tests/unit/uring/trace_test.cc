// tests/protocol checks everything else about a trace.
#include "uring/trace.h"

#include "fixture.h"

namespace {

using namespace tests;

TEST(UringTrace, SaysWhyAFileCannotBeWritten) {
  EXPECT_THAT(uring::Trace::create("/no/such/directory/trace"),
              tests::FailedWith(std::errc::no_such_file_or_directory));
}

}  // namespace
