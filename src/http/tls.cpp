#include "http/tls.hpp"

#include <asyncllm/core/error.hpp>

#include <asio/use_awaitable.hpp>

#if defined(ASYNCLLM_WITH_TLS)

#  include <asio/ip/address.hpp>
#  include <asio/redirect_error.hpp>
#  include <asio/ssl/context.hpp>
#  include <asio/ssl/stream.hpp>
#  include <asio/write.hpp>
#  include <openssl/ssl.h>
#  include <openssl/x509v3.h>

namespace asyncllm::http {

struct TlsContext::Native {
  asio::ssl::context context{asio::ssl::context::tls_client};
};

TlsContext::TlsContext(const std::string& ca_file) : native_(std::make_unique<Native>())
{
  auto& context = native_->context;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_security_level(context.native_handle(), 2);
  context.set_verify_mode(asio::ssl::verify_peer);
  asio::error_code error;
  if (ca_file.empty())
    context.set_default_verify_paths(error);
  else
    context.load_verify_file(ca_file, error);
  if (error)
    throw Error(
        ErrorKind::invalid_argument,
        "cannot read certificates from " + (ca_file.empty() ? "the system's store" : ca_file) +
            ": " + error.message());
}

TlsContext::~TlsContext() = default;

struct TlsStream::Native {
  Native(asio::ip::tcp::socket& socket, TlsContext::Native& context)
      : stream(socket, context.context)
  {}
  asio::ssl::stream<asio::ip::tcp::socket&> stream;
};

TlsStream::TlsStream(
    asio::ip::tcp::socket& socket, const TlsContext& context, const std::string& host)
    : native_(std::make_unique<Native>(socket, context.native()))
{
  SSL* const ssl = native_->stream.native_handle();
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl);
  asio::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str());
    return;
  }
  // A certificate that names its host only as common name is refused (RFC 9525, 2).
  X509_VERIFY_PARAM_set_hostflags(
      parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), 0);
  SSL_set_tlsext_host_name(ssl, host.c_str());
}

TlsStream::~TlsStream() = default;

asio::awaitable<void> TlsStream::handshake(asio::error_code& error)
{
  return native_->stream.async_handshake(
      asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<std::size_t> TlsStream::read_some(
    asio::mutable_buffer buffer, asio::error_code& error)
{
  return native_->stream.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<std::size_t> TlsStream::write(asio::const_buffer buffer, asio::error_code& error)
{
  return asio::async_write(
      native_->stream, buffer, asio::redirect_error(asio::use_awaitable, error));
}

std::string TlsStream::explain(const asio::error_code& error) const
{
  const long verified = SSL_get_verify_result(native_->stream.native_handle());
  if (verified != X509_V_OK) {
    std::string why = X509_verify_cert_error_string(verified);
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
      return "its certificate is for another host (" + why + ")";
    return "its certificate is not trusted (" + why +
           "); if it is your own, name the authority's PEM file by with_ca_file";
  }
  const auto reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  const bool from_ssl = error.category() == asio::error::get_ssl_category();
  if (from_ssl && (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
                   reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_UNEXPECTED_MESSAGE))
    return "it does not speak TLS on this port; is it a plain http:// server?";
  return error.message();
}

}  // namespace asyncllm::http

#else

namespace asyncllm::http {

struct TlsContext::Native {};
struct TlsStream::Native {};

TlsContext::TlsContext(const std::string&)
{
  throw Error(
      ErrorKind::unsupported,
      "https needs a build of asyncllm with TLS (configure with -DASYNCLLM_WITH_TLS=ON), "
      "or use http://");
}

// Without a context nobody gets as far as a stream.
TlsContext::~TlsContext() = default;
TlsStream::TlsStream(asio::ip::tcp::socket&, const TlsContext&, const std::string&) {}
TlsStream::~TlsStream() = default;
asio::awaitable<void> TlsStream::handshake(asio::error_code&)
{
  co_return;
}
asio::awaitable<std::size_t> TlsStream::read_some(asio::mutable_buffer, asio::error_code&)
{
  co_return 0;
}
asio::awaitable<std::size_t> TlsStream::write(asio::const_buffer, asio::error_code&)
{
  co_return 0;
}
std::string TlsStream::explain(const asio::error_code&) const
{
  return {};
}

}  // namespace asyncllm::http

#endif
