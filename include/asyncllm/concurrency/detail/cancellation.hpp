// How a waiting operation learns that its coroutine is cancelled.
#pragma once

#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <asio/system_error.hpp>

namespace asyncllm::inline v0_1::detail {

/// What Asio throws in a cancelled coroutine.
[[noreturn]] inline void throw_cancelled()
{
  throw asio::system_error(asio::error_code(asio::error::operation_aborted));
}

/// The connection between a cancellation slot and the object that it cancels. Either may end first:
/// the signal belongs to the caller and may be destroyed before the loop, or long after.
template <class Target>
class CancelLink {
 public:
  explicit CancelLink(Target& target) noexcept : target_(target) {}
  CancelLink(const CancelLink&) = delete;
  CancelLink& operator=(const CancelLink&) = delete;
  ~CancelLink() { disconnect(); }

  /// From now on a cancellation calls `target.on_cancel(type)`.
  void connect(asio::cancellation_slot slot)
  {
    if (!slot.is_connected())
      return;
    slot_ = slot;
    hook_ = &slot_.emplace<Hook>(this);
  }

  void disconnect() noexcept
  {
    if (!hook_)
      return;
    hook_ = nullptr;
    slot_.clear();
  }

 private:
  class Hook {
   public:
    explicit Hook(CancelLink* link) noexcept : link_(link) {}
    Hook(const Hook&) = delete;
    Hook& operator=(const Hook&) = delete;
    ~Hook()
    {
      if (link_->hook_ == this)
        link_->hook_ = nullptr;
    }
    void operator()(asio::cancellation_type_t type) { link_->target_.on_cancel(type); }

   private:
    CancelLink* link_;
  };

  Target& target_;
  asio::cancellation_slot slot_;
  Hook* hook_ = nullptr;
};

}  // namespace asyncllm::detail
