#include "in_place_echo.h"

namespace stage {

common::Result<std::size_t> InPlaceEchoSession::take_pieces(common::ByteView received,
                                                            WholeMessages whole,
                                                            common::SendBuffer& output) {
  output.append_view(received.first(whole.size_bytes));
  const auto completed = pieces_.take(received.subspan(whole.size_bytes), output);
  inside_message_ = pieces_.inside_message();
  if (!completed) return completed;
  return whole.count + *completed;
}

}  // namespace stage
