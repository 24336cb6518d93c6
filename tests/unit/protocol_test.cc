#include "common/http/protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "bytes.h"
#include "http.h"

namespace {

using common::Protocol;
using common::SendBuffer;
using tests::bytes;
using tests::frame;

std::string answer(Protocol protocol, std::string_view request) {
  SendBuffer output;
  EXPECT_TRUE(common::make_session(protocol, 100)->take(bytes(request), output).has_value());
  return std::string(tests::text(output.view()));
}

TEST(MakeSession, MakesTheSessionThatTheProtocolOptionNames) {
  EXPECT_EQ(answer(Protocol::echo, frame("hi")), frame("hi"));
  EXPECT_EQ(answer(Protocol::discard, frame("hi")), "");
  EXPECT_EQ(answer(Protocol::http, "GET / HTTP/1.1\r\n\r\n"), tests::hello);
}

TEST(MakeSession, PassesMaxMessageOn) {
  const auto session = common::make_session(Protocol::echo, 3);
  const std::string fits = frame("you");
  const std::string does_not_fit = frame("four");
  SendBuffer output;
  EXPECT_EQ(session->take(bytes(fits), output), 1U);
  EXPECT_EQ(session->take(bytes(does_not_fit), output).error(), common::Error::too_long);
}

TEST(VisitProtocol, ReturnsWhatTheVisitorReturns) {
  const auto arguments = []<typename Session>(auto... values) { return sizeof...(values); };
  EXPECT_EQ(common::visit_protocol(Protocol::echo, 7, arguments), 1U);
  EXPECT_EQ(common::visit_protocol(Protocol::http, 7, arguments), 0U);
}

}  // namespace
