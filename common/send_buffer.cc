#include "common/send_buffer.h"

namespace common {

void SendBuffer::append(ByteView bytes) {
  if (!owns_memory() && !empty()) storage_.assign(view_.begin(), view_.end());
  storage_.insert(storage_.end(), bytes.begin(), bytes.end());
  view_ = storage_;
}

void SendBuffer::clear_storage() {
  storage_.clear();
  if (storage_.capacity() > kept_bytes_max) storage_ = Bytes();
}

}  // namespace common
