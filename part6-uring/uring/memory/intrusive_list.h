#pragma once

#include <cassert>

namespace uring {

/// A base for objects that can be in one list. The destructor takes the object out, so no list
/// holds an object that is gone. Being in a list costs no memory beyond the Node.
class Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { unlink(); }

  bool linked() const { return next_ != nullptr; }

  void unlink() {
    if (!linked()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = nullptr;
  }

 private:
  template <typename T>
  friend class IntrusiveList;

  Node* previous_;  ///< Undefined while the node isn't linked.
  Node* next_ = nullptr;
};

/// Objects with a Node as base, in order of insertion. Owns none.
template <typename T>
class IntrusiveList {
 public:
  IntrusiveList() { clear(); }

  bool empty() const { return head_.next_ == &head_; }

  /// The first, or nullptr.
  T* front() const { return empty() ? nullptr : static_cast<T*>(head_.next_); }

  /// Takes the first out, or returns nullptr.
  T* take_front() {
    if (empty()) return nullptr;
    Node* const first = head_.next_;
    first->unlink();
    return static_cast<T*>(first);
  }

  /// Moves `object` to the end, from any list.
  void push_back(T& object) {
    Node& node = object;
    node.unlink();
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

  /// Moves all objects to `other`, which must be empty.
  void move_all_to(IntrusiveList& other) {
    assert(other.empty());
    if (empty()) return;
    other.head_.next_ = head_.next_;
    other.head_.previous_ = head_.previous_;
    other.head_.next_->previous_ = &other.head_;
    other.head_.previous_->next_ = &other.head_;
    clear();
  }

 private:
  void clear() { head_.previous_ = head_.next_ = &head_; }

  Node head_;  ///< Before the first object, after the last. Its destructor unlinks only the head.
};

}  // namespace uring
