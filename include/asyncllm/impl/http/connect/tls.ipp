#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/http/connect/tls.hpp>

#include <asio/use_awaitable.hpp>

#if defined(ASYNCLLM_WITH_TLS)

#  include <asio/ip/address.hpp>
#  include <asio/redirect_error.hpp>
#  include <asio/ssl/context.hpp>
#  include <asio/ssl/stream.hpp>
#  include <asio/write.hpp>
#  include <openssl/ssl.h>
#  include <openssl/x509v3.h>

#  include <algorithm>
#  include <memory>
#  include <mutex>
#  include <utility>
#  include <vector>

namespace asyncllm::inline v0_1::http {

namespace {

constexpr std::size_t most_sessions = 16;

struct FreeSession {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using Session = std::unique_ptr<SSL_SESSION, FreeSession>;

// Sessions with one host that can be resumed. Several threads may share them.
class Sessions {
 public:
  void put(Session session)
  {
    const std::lock_guard lock(mutex_);
    if (sessions_.size() == most_sessions)
      sessions_.erase(sessions_.begin());
    sessions_.push_back(std::move(session));
  }

  Session take()
  {
    const std::lock_guard lock(mutex_);
    if (sessions_.empty())
      return nullptr;
    auto* const last = sessions_.back().get();
    if (SSL_SESSION_get_protocol_version(last) < TLS1_3_VERSION) {
      SSL_SESSION_up_ref(last);
      return Session(last);
    }
    auto session = std::move(sessions_.back());  // a ticket of 1.3 is for one use (RFC 8446, C.4)
    sessions_.pop_back();
    return session;
  }

 private:
  std::mutex mutex_;
  std::vector<Session> sessions_;
};

int sessions_index()
{
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int keep_session(SSL* ssl, SSL_SESSION* session)
{
  auto* const context = SSL_get_SSL_CTX(ssl);
  auto* const sessions = static_cast<Sessions*>(SSL_CTX_get_ex_data(context, sessions_index()));
  sessions->put(Session(session));
  return 1;  // it is ours now
}

void check_readable(const asio::error_code& error, const std::string& what)
{
  if (error)
    throw Error(ErrorKind::invalid_argument, "cannot read " + what + ": " + error.message());
}

}  // namespace

struct TlsContext::Native {
  std::string host;
  asio::ssl::context context{asio::ssl::context::tls_client};
  Sessions sessions;
};

TlsContext::TlsContext(const std::string& host, const TlsFiles& files)
    : native_(std::make_shared<Native>())
{
  native_->host = host;
  auto& context = native_->context;
  auto* const ssl = context.native_handle();
  SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
  SSL_CTX_set_security_level(ssl, std::max(2, SSL_CTX_get_security_level(ssl)));
  context.set_verify_mode(asio::ssl::verify_peer);
  asio::error_code error;
  if (files.ca.empty())
    context.set_default_verify_paths(error);
  else
    context.load_verify_file(files.ca, error);
  check_readable(
      error, "certificates from " + (files.ca.empty() ? "the system's store" : files.ca));

  if (!files.crl.empty()) {
    auto* const store = SSL_CTX_get_cert_store(ssl);
    auto* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    ERR_clear_error();
    if (X509_load_crl_file(lookup, files.crl.c_str(), X509_FILETYPE_PEM) == 0)
      error.assign(static_cast<int>(ERR_get_error()), asio::error::get_ssl_category());
    check_readable(error, "revocation lists from " + files.crl);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  }
  if (!files.certificate.empty() || !files.key.empty()) {
    context.use_certificate_chain_file(files.certificate, error);
    check_readable(error, "the client's certificate from \"" + files.certificate + "\"");
    // Without this OpenSSL would ask at the terminal for the password of an encrypted key.
    context.set_password_callback(
        [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); });
    context.use_private_key_file(files.key, asio::ssl::context::pem, error);
    check_readable(error, "the client's key from \"" + files.key + "\"");
  }
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_ex_data(ssl, sessions_index(), &native_->sessions);
  SSL_CTX_sess_set_new_cb(ssl, &keep_session);
}

TlsContext::~TlsContext() = default;

struct TlsStream::Native {
  Native(Socket& socket, std::shared_ptr<TlsContext::Native> its_context)
      : context(std::move(its_context)), stream(socket, context->context)
  {}
  std::shared_ptr<TlsContext::Native> context;
  asio::ssl::stream<Socket&> stream;
};

TlsStream::TlsStream(Socket& socket, const TlsContext& context)
    : native_(std::make_unique<Native>(socket, context.native()))
{
  const auto& host = context.native()->host;
  SSL* const ssl = native_->stream.native_handle();
  if (const auto session = context.native()->sessions.take())
    SSL_set_session(ssl, session.get());
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

TlsStream::~TlsStream()
{
  // Otherwise OpenSSL would treat the session as broken and never resume it.
  SSL_set_shutdown(native_->stream.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

bool TlsStream::is_truncation(const asio::error_code& error) noexcept
{
  return error == asio::ssl::error::stream_truncated;
}

bool TlsStream::is_alert(const asio::error_code& error) noexcept
{
  return error.category() == asio::error::get_ssl_category();
}

bool TlsStream::has_unread() const
{
  const SSL* const ssl = native_->stream.native_handle();
  // Decrypted bytes, and whole records after those: one read of the socket may bring several.
  return SSL_pending(ssl) > 0 || BIO_ctrl_pending(SSL_get_rbio(ssl)) > 0;
}

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
  if (from_ssl && reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
    return "it requires a client certificate (with_client_certificate)";
  if (from_ssl && reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE)
    return error.message() + "; it may require a client certificate (with_client_certificate)";
  return error.message();
}

}  // namespace asyncllm::http

#else

namespace asyncllm::inline v0_1::http {

struct TlsContext::Native {};
struct TlsStream::Native {};

TlsContext::TlsContext(const std::string&, const TlsFiles&)
{
  throw Error(
      ErrorKind::unsupported,
      "https needs a build of asyncllm with TLS (configure with -DASYNCLLM_WITH_TLS=ON), "
      "or use http://");
}

// Never called: there is no stream without a context.
TlsContext::~TlsContext() = default;
TlsStream::TlsStream(Socket&, const TlsContext&) {}
TlsStream::~TlsStream() = default;
bool TlsStream::is_truncation(const asio::error_code&) noexcept
{
  return false;
}
bool TlsStream::is_alert(const asio::error_code&) noexcept
{
  return false;
}
bool TlsStream::has_unread() const
{
  return false;
}
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
