// The negotiation with a proxy, before the connection carries anything else. No sockets.
#pragma once

#include <asyncllm/impl/http/connect/proxy.hpp>
#include <asyncllm/impl/http/parse/response_parser.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::http {

/// A negotiation, driven by the owner of the connection: send `output`, pass what is read to
/// `input`, until the tunnel is open or has failed.
class Tunnel {
 public:
  virtual ~Tunnel() = default;
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  /// What is to be sent before the next read; may be "".
  std::string output() { return std::exchange(output_, {}); }
  virtual void input(std::string bytes) = 0;

  bool is_open() const noexcept { return is_open_; }
  /// Why there will be no connection, "" while there may.
  const std::string& failure() const noexcept { return failure_; }
  /// Whether the same may succeed later.
  bool is_temporary() const noexcept { return is_temporary_; }

 protected:
  Tunnel() = default;
  void send(std::string bytes) { output_ = std::move(bytes); }
  void open() noexcept { is_open_ = true; }
  void fail(std::string why, bool is_temporary = false)
  {
    failure_ = std::move(why);
    is_temporary_ = is_temporary;
  }

 private:
  std::string output_, failure_;
  bool is_open_ = false, is_temporary_ = false;
};

/// CONNECT to an HTTP proxy (RFC 9110, 9.3.6), with Basic credentials if it has any.
class HttpTunnel final : public Tunnel {
 public:
  HttpTunnel(const Proxy& proxy, const std::string& authority);
  void input(std::string bytes) override;

 private:
  bool has_credentials_;
  ResponseParser parser_;
};

/// SOCKS5 (RFC 1928 and 1929). The proxy resolves the name.
class SocksTunnel final : public Tunnel {
 public:
  SocksTunnel(const Proxy& proxy, const std::string& host, std::uint16_t port);
  void input(std::string bytes) override;

 private:
  enum class Step { method, credentials, connect };
  bool take_step();
  void take_reply();

  std::string credentials_, connect_;  // what these steps send
  std::string received_;
  Step step_ = Step::method;
};

std::unique_ptr<Tunnel> make_tunnel(const Proxy& proxy, const Url& url);

}  // namespace asyncllm::http
