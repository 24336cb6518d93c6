#pragma once

#include <cassert>
#include <utility>

namespace uring {

/// What an object has in it to be in one list, which it leaves when it ends. So no list ever holds
/// an object that is gone, and being in one costs no memory but this.
class Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { unlink(); }

  bool linked() const { return next_ != this; }

  void unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  template <typename T>
  friend class IntrusiveList;

  Node* previous_ = this;
  Node* next_ = this;
};

/// Objects that have a Node as their base, in the order in which they came. Owns none of them.
template <typename T>
class IntrusiveList {
 public:
  bool empty() const { return !head_.linked(); }

  /// The first, or nullptr.
  T* front() const { return empty() ? nullptr : static_cast<T*>(head_.next_); }

  /// Takes the first out, or returns nullptr.
  T* take_front() {
    if (empty()) return nullptr;
    Node* const first = head_.next_;
    first->unlink();
    return static_cast<T*>(first);
  }

  /// Puts `object` at the end, from whatever list it was in.
  void push_back(T& object) {
    Node& node = object;
    node.unlink();
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

  /// Leaves nothing here. `other` must be empty.
  void move_all_to(IntrusiveList& other) {
    assert(other.empty());
    if (empty()) return;
    other.head_.next_ = std::exchange(head_.next_, &head_);
    other.head_.previous_ = std::exchange(head_.previous_, &head_);
    other.head_.next_->previous_ = &other.head_;
    other.head_.previous_->next_ = &other.head_;
  }

 private:
  Node head_;
};

}  // namespace uring
