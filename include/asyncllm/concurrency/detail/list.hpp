// A doubly linked list through its members: nothing is allocated, and a member can leave at any
// time without knowing which list it is in.
#pragma once

namespace asyncllm::inline v0_1::detail {

class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }

  void unlink() noexcept
  {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  template <class>
  friend class List;
  ListNode* previous_ = this;
  ListNode* next_ = this;
};

/// `Member` derives from ListNode and is owned by somebody else.
template <class Member>
class List {
 public:
  bool empty() const noexcept { return head_.next_ == &head_; }
  Member& front() noexcept { return static_cast<Member&>(*head_.next_); }

  void push_back(Member& member) noexcept
  {
    ListNode& node = member;
    node.unlink();
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

 private:
  ListNode head_;
};

}  // namespace asyncllm::detail
