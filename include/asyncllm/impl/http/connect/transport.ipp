#include <asyncllm/impl/http/connect/tls.hpp>
#include <asyncllm/impl/http/connect/transport.hpp>

#include <utility>

namespace asyncllm::inline v0_1::http {

Transport::Transport(Url url, const TransportOptions& options)
    : url_(std::move(url)),
      proxy_(options.proxy),
      destination_(url_.authority()),
      limits_(options.limits)
{
  pool_key_ = url_.origin();
  if (proxy_) {
    destination_ += " through the proxy " + proxy_->name();
    pool_key_ += '\n' + proxy_->name() + '\n' + proxy_->user + '\n' + proxy_->password;
  }
  if (!url_.tls)
    return;
  const auto& files = options.tls;
  tls_ = std::make_shared<TlsContext>(url_.host, files);
  for (const auto* file : {&files.ca, &files.crl, &files.certificate, &files.key})
    pool_key_ += '\n' + *file;  // other trust, other connections
}

bool Transport::is_exposed() const
{
  const auto is_local = [](const std::string& host) {
    Url there;
    there.host = host;
    return there.is_loopback();
  };
  return !url_.tls && !(url_.is_loopback() && (!proxy_ || is_local(proxy_->host)));
}

HeaderList Transport::headers() const
{
  HeaderList headers;
  if (is_forwarded() && proxy_->has_credentials())
    headers.emplace_back("Proxy-Authorization", proxy_->basic_credentials());
  return headers;
}

}  // namespace asyncllm::http
