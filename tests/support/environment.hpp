// The environment as a test wants it, put back when the test is done.
#pragma once

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace support {

class Environment {
 public:
  Environment() = default;
  ~Environment()
  {
    for (const auto& [name, value] : before_)
      put(name, value);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// Sets a variable; nothing: removes it.
  void set(const std::string& name, const std::optional<std::string>& value)
  {
    const char* const old = std::getenv(name.c_str());
    before_.emplace(name, old ? std::optional<std::string>(old) : std::nullopt);
    put(name, value);
  }

 private:
  static void put(const std::string& name, const std::optional<std::string>& value)
  {
    if (value)
      ::setenv(name.c_str(), value->c_str(), 1);
    else
      ::unsetenv(name.c_str());
  }

  std::map<std::string, std::optional<std::string>> before_;
};

}  // namespace support
