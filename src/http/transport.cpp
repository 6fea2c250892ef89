#include <asyncllm/http/transport.hpp>

#include "http/tls.hpp"

#include <utility>

namespace asyncllm::http {

Transport::Transport(Url url, const std::string& ca_file) : url_(std::move(url))
{
  pool_key_ = url_.origin();
  if (!url_.tls)
    return;
  tls_ = std::make_shared<TlsContext>(ca_file);
  pool_key_ += '\n' + ca_file;  // other trust, other connections
}

}  // namespace asyncllm::http
