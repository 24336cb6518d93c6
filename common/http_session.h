#pragma once

#include <memory>

#include "common/session.h"

namespace common {

/// Answers HTTP/1.1 requests (RFC 9112) with `hello`: see the book's contract, "--protocol http".
class HttpSession final : public Session {
 public:
  HttpSession();
  ~HttpSession() override;

  Result<std::size_t> take(ByteView received, Bytes& answers) override;
  Status end_of_stream() const override;
  bool finished() const override;
};

/// The conversation that --protocol names.
std::unique_ptr<Session> make_session(const Options& options);

}  // namespace common
