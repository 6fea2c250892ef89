// What must appear in no text: keys and passwords, in each form in which they are sent.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/core/header_list.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::client {

class Secrets {
 public:
  /// A key or password, which may appear as it is, escaped in JSON, or with %XX.
  void add(std::string_view secret);
  /// User and password, which are sent in Base64 too.
  void add(const std::string& user, const std::string& password);

  /// Takes them out of all texts of `error`.
  void mask(Error& error) const;

 private:
  std::vector<std::string> all_;
};

/// The same with header fields that a user set, if their names say that they are secret:
/// Authorization, Cookie, and what has "key", "token", "secret", "auth" or "password" in it.
void mask_headers(Error& error, const HeaderList& headers);

}  // namespace asyncllm::client
