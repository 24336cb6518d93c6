#include "common/send_buffer.h"

namespace common {

void SendBuffer::append(ByteView bytes) {
  if (storage_.empty()) storage_.assign(view_.begin(), view_.end());
  storage_.insert(storage_.end(), bytes.begin(), bytes.end());
  view_ = storage_;
}

void SendBuffer::append_further_view(ByteView bytes) {
  if (storage_.empty() && view_.data() + view_.size() == bytes.data()) {
    view_ = {view_.data(), view_.size() + bytes.size()};  // the message after the last one
  } else {
    append(bytes);
  }
}

void SendBuffer::clear_storage() {
  storage_.clear();
  if (storage_.capacity() > kept_bytes_max) storage_ = Bytes();
}

}  // namespace common
