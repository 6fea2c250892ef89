// Connections that wait for their next request. No sockets of its own, no timer, no pending reads.
#pragma once

#include "http/connection.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace asyncllm::http {

/// The idle connections of one loop, by origin and configuration (`Transport::pool_key`). The one
/// used last is taken first, so that the others may grow old and be dropped, which happens as long
/// as there are calls to whatever server: a timer would keep the user's loop running. No cap.
class Pool {
 public:
  /// A quiet connection, or null.
  std::unique_ptr<Connection> take(const std::string& key)
  {
    const auto found = idle_.find(key);
    if (found == idle_.end())
      return nullptr;
    const auto now = std::chrono::steady_clock::now();
    auto& connections = found->second;
    while (!connections.empty()) {
      auto connection = std::move(connections.back());
      connections.pop_back();
      if (now < connection->idle_until && connection->is_quiet())
        return connection;
    }
    return nullptr;
  }

  void put(
      const std::string& key,
      std::unique_ptr<Connection> connection,
      std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now())
  {
    drop_old(now);
    idle_[key].push_back(std::move(connection));
  }

  std::size_t size() const noexcept
  {
    std::size_t count = 0;
    for (const auto& [key, connections] : idle_)
      count += connections.size();
    return count;
  }

  void clear() noexcept { idle_.clear(); }

 private:
  // Of all servers; not each time, for there may be many.
  void drop_old(std::chrono::steady_clock::time_point now)
  {
    if (now < next_drop_)
      return;
    next_drop_ = now + between_drops;
    for (auto& [key, connections] : idle_)
      std::erase_if(connections, [now](const auto& old) { return old->idle_until <= now; });
    std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
  }

  static constexpr auto between_drops = std::chrono::milliseconds(100);

  std::chrono::steady_clock::time_point next_drop_;
  std::unordered_map<std::string, std::vector<std::unique_ptr<Connection>>> idle_;
};

}  // namespace asyncllm::http
