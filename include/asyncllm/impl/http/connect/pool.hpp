// Connections that wait for their next request. No sockets of its own, no timer, no pending reads.
#pragma once

#include <asyncllm/impl/http/connect/connection.hpp>
#include <asyncllm/impl/http/connect/mutex.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::http {

/// The idle connections of one io_context, by origin and configuration (`Transport::pool_key`). The
/// most recently used one is taken first, so that the others can expire and be dropped, which
/// happens as long as there are calls to any server: a timer would keep the user's loop running.
/// Above the limits the longest idle one is closed. Safe from any thread.
class Pool {
 public:
  struct Bounds {
    std::size_t of_key = 256, all = 512;
  };

  Pool() = default;
  explicit Pool(Bounds bounds) : bounds_(bounds) {}

  /// A quiet connection, or null.
  std::unique_ptr<Connection> take(const std::string& key)
  {
    // Connections are checked and closed without the lock: that takes system calls.
    while (auto connection = pop(key))
      if (std::chrono::steady_clock::now() < connection->idle_until && connection->is_quiet())
        return connection;
    return nullptr;
  }

  void put(
      const std::string& key,
      std::unique_ptr<Connection> connection,
      std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now())
  {
    Connections dropped;
    const std::lock_guard lock(mutex_);
    drop_old(now, dropped);
    auto& connections = idle_[key];
    if (connections.size() >= bounds_.of_key)
      drop_first(connections, dropped);
    else if (size_ >= bounds_.all)
      drop_first(longest_idle(), dropped);
    connections.push_back({now, std::move(connection)});
    ++size_;
  }

  std::size_t size() const
  {
    const std::lock_guard lock(mutex_);
    return size_;
  }

  /// Closes all. Result: how many there were.
  std::size_t clear()
  {
    ByKey all;  // goes after the lock
    const std::lock_guard lock(mutex_);
    all.swap(idle_);
    return std::exchange(size_, 0);
  }

 private:
  struct Idle {
    std::chrono::steady_clock::time_point since;
    std::unique_ptr<Connection> connection;
  };
  using Connections = std::vector<Idle>;
  using ByKey = std::unordered_map<std::string, Connections>;

  std::unique_ptr<Connection> pop(const std::string& key)
  {
    const std::lock_guard lock(mutex_);
    const auto found = idle_.find(key);
    if (found == idle_.end() || found->second.empty())
      return nullptr;
    auto connection = std::move(found->second.back().connection);
    found->second.pop_back();
    --size_;
    return connection;
  }

  // Of all servers; not each time, for there may be many.
  void drop_old(std::chrono::steady_clock::time_point now, Connections& dropped)
  {
    if (now < next_drop_)
      return;
    next_drop_ = now + between_drops;
    for (auto& [key, connections] : idle_) {
      const auto old = std::ranges::stable_partition(
          connections, [now](const auto& idle) { return idle.connection->idle_until > now; });
      size_ -= old.size();
      std::ranges::move(old, std::back_inserter(dropped));
      connections.erase(old.begin(), old.end());
    }
    std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
  }

  void drop_first(Connections& connections, Connections& dropped)
  {
    dropped.push_back(std::move(connections.front()));
    connections.erase(connections.begin());
    --size_;
  }

  Connections& longest_idle()
  {
    const auto since = [](const auto& entry) {
      return entry.second.empty() ? std::chrono::steady_clock::time_point::max()
                                  : entry.second.front().since;
    };
    return std::ranges::min_element(idle_, {}, since)->second;
  }

  static constexpr auto between_drops = std::chrono::milliseconds(100);

  const Bounds bounds_;
  mutable Mutex mutex_;
  std::chrono::steady_clock::time_point next_drop_;
  ByKey idle_;
  std::size_t size_ = 0;
};

}  // namespace asyncllm::http
