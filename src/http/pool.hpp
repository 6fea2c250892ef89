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
/// used last is taken first, so that the others may grow old and be dropped. No cap.
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

  void put(const std::string& key, std::unique_ptr<Connection> connection)
  {
    auto& connections = idle_[key];
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(connections, [&](const auto& old) { return old->idle_until <= now; });
    connections.push_back(std::move(connection));
  }

  void clear() noexcept { idle_.clear(); }

 private:
  std::unordered_map<std::string, std::vector<std::unique_ptr<Connection>>> idle_;
};

}  // namespace asyncllm::http
