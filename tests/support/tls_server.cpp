#if defined(ASYNCLLM_WITH_TLS)

#  include "tls_server.hpp"

#  include <asio/awaitable.hpp>
#  include <asio/co_spawn.hpp>
#  include <asio/completion_condition.hpp>
#  include <asio/detached.hpp>
#  include <asio/ip/tcp.hpp>
#  include <asio/read.hpp>
#  include <asio/read_until.hpp>
#  include <asio/redirect_error.hpp>
#  include <asio/ssl/context.hpp>
#  include <asio/ssl/stream.hpp>
#  include <asio/use_awaitable.hpp>
#  include <asio/write.hpp>
#  include <openssl/pem.h>
#  include <openssl/x509v3.h>

#  include <cstdlib>
#  include <filesystem>
#  include <netinet/in.h>
#  include <netinet/tcp.h>
#  include <stdexcept>
#  include <sys/socket.h>
#  include <unistd.h>
#  include <utility>
#  include <vector>

namespace support {
namespace {

template <class Write>
std::string to_pem(Write write)
{
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  write(bio.get());
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void add_extension(X509* certificate, int id, const char* value)
{
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, id, value), &X509_EXTENSION_free);
  if (!extension)
    throw std::invalid_argument(value);
  X509_add_ext(certificate, extension.get(), -1);
}

}  // namespace

Certificate make_certificate(const std::string& names)
{
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  auto* const x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, key.get());
  auto* const name = X509_get_subject_name(x509);
  const auto* const common_name = reinterpret_cast<const unsigned char*>("localhost");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(x509, name);
  add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
  if (!names.empty())
    add_extension(x509, NID_subject_alt_name, names.c_str());
  X509_sign(x509, key.get(), EVP_sha256());
  return {
      to_pem([&](BIO* bio) {
        PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      }),
      to_pem([&](BIO* bio) { PEM_write_bio_X509(bio, x509); })};
}

TemporaryFile::TemporaryFile(const std::string& text)
{
  path_ = (std::filesystem::temp_directory_path() / "asyncllm-test-XXXXXX").string();
  const int file = ::mkstemp(path_.data());
  if (file < 0 || ::write(file, text.data(), text.size()) < 0)
    throw std::runtime_error("cannot write " + path_);
  ::close(file);
}

TemporaryFile::~TemporaryFile()
{
  ::unlink(path_.c_str());
}

struct TlsServer::State {
  State(asio::io_context& loop, const Certificate& certificate)
      : acceptor(loop, {asio::ip::address_v4::loopback(), 0}),
        context(asio::ssl::context::tls_server)
  {
    SSL_CTX_set_security_level(context.native_handle(), 0);  // the client must be the strict one
    context.use_certificate_chain(asio::buffer(certificate.certificate));
    context.use_private_key(asio::buffer(certificate.key), asio::ssl::context::pem);
  }

  asio::ip::tcp::acceptor acceptor;
  asio::ssl::context context;
  std::string response, interim, surplus, server_name;
  bool truncate = false, stops_reading = false;
  int resumed = 0, requests = 0;
  std::vector<std::weak_ptr<asio::ssl::stream<asio::ip::tcp::socket>>> streams;
  std::vector<std::shared_ptr<asio::ssl::stream<asio::ip::tcp::socket>>> kept;
};

namespace {

using Stream = asio::ssl::stream<asio::ip::tcp::socket>;

// What is written is sent when it is no longer held back, in one piece.
void hold_back(Stream& stream, bool on)
{
#  if defined(TCP_CORK)
  const int value = on ? 1 : 0;
  ::setsockopt(stream.next_layer().native_handle(), IPPROTO_TCP, TCP_CORK, &value, sizeof value);
#  endif
}

template <class State>
asio::awaitable<void> serve(std::shared_ptr<State> state, std::shared_ptr<Stream> stream)
{
  asio::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await stream->async_handshake(asio::ssl::stream_base::server, token);
  if (error)
    co_return;
  state->resumed += SSL_session_reused(stream->native_handle());
  const char* const name = SSL_get_servername(stream->native_handle(), TLSEXT_NAMETYPE_host_name);
  state->server_name = name ? name : "";
  std::string request;
  auto buffer = asio::dynamic_buffer(request);
  co_await asio::async_read_until(*stream, buffer, "\r\n\r\n", token);
  state->requests += error ? 0 : 1;
  if (state->stops_reading) {
    const auto early = asio::buffer(state->response);
    co_await asio::async_write(*stream, early, token);
    state->kept.push_back(std::move(stream));
    co_return;
  }
  if (!state->interim.empty()) {
    const auto interim = asio::buffer(state->interim);
    co_await asio::async_write(*stream, interim, token);
    const auto head = request.find("\r\n\r\n") + 4;
    const auto length = std::stoul(request.substr(request.find("Content-Length: ") + 16));
    const auto rest = asio::transfer_exactly(head + length - request.size());
    co_await asio::async_read(*stream, buffer, rest, token);
    if (error)
      co_return;
  }
  const auto answer = asio::buffer(state->response);
  if (!state->surplus.empty()) {
    hold_back(*stream, true);
    co_await asio::async_write(*stream, answer, token);
    const auto surplus = asio::buffer(state->surplus);
    co_await asio::async_write(*stream, surplus, token);
    hold_back(*stream, false);
    char rest = 0;
    while (!error) {  // until the client goes
      const auto more = asio::buffer(&rest, 1);
      co_await stream->async_read_some(more, token);
    }
    co_return;
  }
  co_await asio::async_write(*stream, answer, token);
  if (!state->truncate)
    co_await stream->async_shutdown(token);
}

template <class State>
asio::awaitable<void> accept(std::shared_ptr<State> state)
{
  for (;;) {
    asio::error_code error;
    asio::ip::tcp::socket socket(state->acceptor.get_executor());
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await state->acceptor.async_accept(socket, token);
    if (error)
      co_return;
    auto stream = std::make_shared<Stream>(std::move(socket), state->context);
    state->streams.push_back(stream);
    asio::co_spawn(state->acceptor.get_executor(), serve(state, std::move(stream)), asio::detached);
  }
}

}  // namespace

TlsServer::TlsServer(
    asio::io_context& loop,
    const Certificate& certificate,
    std::string response,
    bool truncate,
    bool outdated)
    : state_(std::make_shared<State>(loop, certificate))
{
  state_->response = std::move(response);
  state_->truncate = truncate;
  if (outdated)
    speak(TLS1_VERSION, TLS1_1_VERSION);
  asio::co_spawn(loop, accept(state_), asio::detached);
}

TlsServer::~TlsServer()
{
  state_->acceptor.close();
  state_->kept.clear();
  for (const auto& weak : state_->streams)
    if (const auto stream = weak.lock())
      stream->next_layer().close();
}

void TlsServer::speak(int oldest, int newest)
{
  SSL_CTX_set_min_proto_version(state_->context.native_handle(), oldest);
  SSL_CTX_set_max_proto_version(state_->context.native_handle(), newest);
}

void TlsServer::add_surplus(std::string surplus)
{
  state_->surplus = std::move(surplus);
}

void TlsServer::send_first(std::string interim)
{
  state_->interim = std::move(interim);
}

void TlsServer::stop_reading()
{
  state_->stops_reading = true;
}

int TlsServer::requests() const
{
  return state_->requests;
}

void TlsServer::demand_certificate(const std::string& ca_file)
{
  state_->context.load_verify_file(ca_file);
  state_->context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
}

int TlsServer::resumed() const
{
  return state_->resumed;
}

int TlsServer::port() const
{
  return state_->acceptor.local_endpoint().port();
}

const std::string& TlsServer::server_name() const
{
  return state_->server_name;
}

}  // namespace support

#endif
