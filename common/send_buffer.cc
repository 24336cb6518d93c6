#include "common/send_buffer.h"

namespace common {

void SendBuffer::append(ByteView bytes) {
  own();
  owned_.append(bytes);
  view_ = owned_;
}

void SendBuffer::append_owned(Buffer bytes) {
  if (!empty()) return append(bytes);
  owned_ = std::move(bytes);
  view_ = owned_;
}

}  // namespace common
