#include <asyncllm/impl/http/connect/tunnel.hpp>

#include <asio/ip/address.hpp>

#include <array>

namespace asyncllm::inline v0_1::http {

HttpTunnel::HttpTunnel(const Proxy& proxy, const std::string& authority)
    : has_credentials_(proxy.has_credentials())
{
  auto request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (has_credentials_)
    request += "Proxy-Authorization: " + proxy.basic_credentials() + "\r\n";
  send(request + "\r\n");
}

void HttpTunnel::input(std::string bytes)
{
  const auto used = parser_.feed(bytes);
  using State = ResponseParser::State;
  if (parser_.state() == State::failed)
    return fail("sent a response that is not valid HTTP/1.1: " + parser_.failure());
  if (parser_.state() == State::head)
    return;
  const auto& head = parser_.head();
  const auto answer = std::to_string(head.status) + ' ' + head.reason;
  if (head.status >= 200 && head.status < 300) {
    // The server must not speak first: bytes after the head are not from it.
    if (used < bytes.size() || !parser_.body().empty())
      return fail("sent data before the request");
    return open();
  }
  if (head.status == 407 || head.status == 401)  // tinyproxy's for wrong ones
    return fail(
        (has_credentials_ ? "rejected the user name and password ("
                          : "requires a user name and password in its URL (") +
        answer + ")");
  fail("refused the connection (" + answer + ")", head.status >= 500);
}

namespace {

constexpr char socks_version = 5, credentials_version = 1;

std::string with_length(const std::string& text)
{
  return static_cast<char>(text.size()) + text;
}

template <class Bytes>
void append(std::string& out, const Bytes& bytes)
{
  for (const auto byte : bytes)
    out += static_cast<char>(byte);
}

}  // namespace

SocksTunnel::SocksTunnel(const Proxy& proxy, const std::string& host, std::uint16_t port)
    : connect_{socks_version, 1, 0}
{
  asio::error_code is_name;
  const auto address = asio::ip::make_address(host, is_name);
  if (is_name) {
    connect_ += '\3' + with_length(host);
  } else if (address.is_v4()) {
    connect_ += '\1';
    append(connect_, address.to_v4().to_bytes());
  } else {
    connect_ += '\4';
    append(connect_, address.to_v6().to_bytes());
  }
  append(connect_, std::array{port >> 8, port & 0xFF});
  if (proxy.has_credentials())
    credentials_ = credentials_version + with_length(proxy.user) + with_length(proxy.password);
  if (is_name && host.size() > 255)
    fail("accepts host names of at most 255 bytes");
  else if (credentials_.empty())
    send({socks_version, 1, 0});
  else
    send({socks_version, 2, 0, 2});
}

void SocksTunnel::input(std::string bytes)
{
  received_ += bytes;
  while (!is_open() && failure().empty() && take_step()) {
  }
  if (is_open() && !received_.empty())
    fail("sent data before the request");
}

bool SocksTunnel::take_step()
{
  if (step_ == Step::connect) {
    take_reply();
    return false;
  }
  if (received_.size() < 2)
    return false;
  const char version = received_[0], choice = received_[1];
  received_.erase(0, 2);
  if (version != (step_ == Step::method ? socks_version : credentials_version)) {
    fail("does not speak SOCKS5");
  } else if (step_ == Step::method && choice == 2 && !credentials_.empty()) {
    step_ = Step::credentials;
    send(credentials_);
  } else if (choice == 0) {
    step_ = Step::connect;
    send(connect_);
  } else {
    fail(
        credentials_.empty() ? "requires a user name and password in its URL"
                             : "rejected the user name and password");
  }
  return true;
}

void SocksTunnel::take_reply()
{
  static constexpr std::array reasons{
      "",
      "general failure",
      "not allowed",
      "network unreachable",
      "host unreachable",
      "connection refused",
      "timed out",
      "command not supported",
      "address type not supported"};
  if (received_.size() < 5)
    return;
  const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(received_[at]); };
  if (byte(0) != socks_version)
    return fail("does not speak SOCKS5");
  if (const auto code = byte(1); code != 0) {
    const bool is_known = code < reasons.size();
    return fail(
        "refused the connection (" +
            (is_known ? std::string(reasons[code]) : "code " + std::to_string(code)) + ")",
        code == 1 || (code >= 3 && code <= 6));
  }
  std::size_t address = 0;  // the one that the proxy uses, of no interest
  switch (byte(3)) {
    case 1: address = 4; break;
    case 3: address = std::size_t{1} + byte(4); break;
    case 4: address = 16; break;
    default: return fail("does not speak SOCKS5");
  }
  const auto size = 4 + address + 2;
  if (received_.size() < size)
    return;
  received_.erase(0, size);
  open();
}

std::unique_ptr<Tunnel> make_tunnel(const Proxy& proxy, const Url& url)
{
  if (proxy.kind == Proxy::Kind::socks5)
    return std::make_unique<SocksTunnel>(proxy, url.host, url.port);
  return std::make_unique<HttpTunnel>(proxy, url.authority());
}

}  // namespace asyncllm::http
