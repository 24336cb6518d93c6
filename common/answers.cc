#include "common/answers.h"

namespace common {

void Answers::append(ByteView bytes) {
  if (own_.empty()) own_.assign(all_.begin(), all_.end());
  own_.insert(own_.end(), bytes.begin(), bytes.end());
  all_ = own_;
}

void Answers::pass_on_more(ByteView bytes) {
  if (own_.empty() && all_.data() + all_.size() == bytes.data()) {
    all_ = {all_.data(), all_.size() + bytes.size()};  // the message behind the last one
  } else {
    append(bytes);
  }
}

void Answers::clear_own() {
  own_.clear();
  if (own_.capacity() > kept_bytes_max) own_ = Bytes();
}

}  // namespace common
