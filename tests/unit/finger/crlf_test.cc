// What becomes of a text, in slices of every kind: tests/fuzz.
#include "finger/protocol/crlf.h"

#include <gtest/gtest.h>

#include "bytes.h"

namespace {

using finger::CrlfConverter;

// What is read has room when each byte becomes two, and an end of two after the last. 2n + 1, and
// not more: the last byte is a line feed's, or it did not become two.
TEST(CrlfConverter, TheSparePartIsAsLargeAsItCanBe) {
  for (std::size_t buffer_bytes = 1; buffer_bytes < 100; ++buffer_bytes) {
    common::Bytes buffer(buffer_bytes);
    const auto spare = CrlfConverter::spare_part(buffer);
    EXPECT_LE(2 * spare.size() + 1, buffer_bytes);
    EXPECT_GT(2 * (spare.size() + 1) + 1, buffer_bytes);
    EXPECT_EQ(spare.data() + spare.size(), buffer.data() + buffer.size());
  }
}

TEST(CrlfConverterDeathTest, NeedsRoomForTwiceAsMuch) {
  CrlfConverter converter;
  common::Bytes out(3);
  EXPECT_DEATH((void)converter.convert(tests::bytes("ab"), out), "out.size");
}

TEST(CrlfConverterDeathTest, NeedsTheSpareHalfIfItReadsWhereItWrites) {
  CrlfConverter converter;
  common::Bytes buffer(100, std::byte{'\n'});
  const auto beginning = common::ByteView(buffer).first(50);
  EXPECT_DEATH((void)converter.convert(beginning, buffer), "keeps_ahead");
}

}  // namespace
