// Provided buffers of the kind before buffer rings, and an operation that can't be prepared.

#include <array>
#include <stdexcept>

#include "fixture.h"

namespace {

using namespace tests;
using uring::Status;

CO_TEST_F(Uring, ProvidesAndRemovesBuffers) {
  std::array<std::byte, 64> memory;
  EXPECT_THAT(co_await loop.provide_buffers(memory.data(), 16, 4, 99, 0), Succeeded());
  EXPECT_EQ(co_await loop.remove_buffers(10, 99), Result<unsigned>(4u));
}

TEST_F(Uring, LimitsTheIoWorkers) {
  EXPECT_THAT(loop.register_iowq_max_workers(3, 5), Succeeded());
  std::array<unsigned, 2> before{1, 1};
  EXPECT_EQ(io_uring_register_iowq_max_workers(&loop.ring().raw(), before.data()), 0);
  EXPECT_EQ(before, (std::array<unsigned, 2>{3, 5}));
}

TEST_F(Uring, KnowsWhichOperationsThereAre) {
  EXPECT_TRUE(loop.ring().supports(IORING_OP_NOP));
  for (const int opcode : {-1, 255, 256}) EXPECT_FALSE(loop.ring().supports(opcode)) << opcode;
}

class Refusing {
 public:
  using Value = void;
  static constexpr const char* what = "refusing";
  void prepare(io_uring_sqe& /*entry*/) const { throw std::runtime_error("from prepare"); }
};

// By then, an entry is taken and the operation counted, so there's no way back.
TEST(UringLoopDeathTest, AnExceptionWhileAnOperationIsPreparedEndsTheProcess) {
  const auto run_and_catch = [] {
    try {
      const auto loop = tests::make_loop();
      Status result;
      loop->run(keep_result(loop->start(Refusing()), result));
    } catch (...) {
    }
  };
  EXPECT_DEATH(run_and_catch(), "from prepare");
}

}  // namespace
