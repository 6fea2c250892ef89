// The certificates that a client must refuse and those that it must accept, made by openssl.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>

#include "on_loop.hpp"
#include "shared_data.hpp"
#include "socket_server.hpp"
#include "test.hpp"
#include "tls_server.hpp"

#if defined(ASYNCLLM_WITH_TLS)

#  include <openssl/ssl.h>

#  include <cstdlib>
#  include <filesystem>
#  include <iostream>
#  include <string>
#  include <vector>

using namespace asyncllm;

namespace {

struct Case {
  std::string name;
  bool accepted = false;
  std::string host = "localhost", certificate = name;
  int oldest = TLS1_2_VERSION, newest = TLS1_3_VERSION;
  bool with_crl = false, demands_certificate = false, has_certificate = false;
};

// What a call gets: its text, or the error in words.
std::string result_of(const Case& its, const std::filesystem::path& folder)
{
  const auto file = [&](const std::string& name) { return (folder / name).string(); };
  std::string result;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    const support::Certificate certificate{
        support::read_file(file(its.certificate + ".key")),
        support::read_file(file(its.certificate + ".pem"))};
    support::TlsServer server(
        loop, certificate, support::chat_response("accepted", "Connection: close\r\n"));
    server.speak(its.oldest, its.newest);
    if (its.demands_certificate)
      server.demand_certificate(file("root.pem"));
    auto options = ClientOptions("openai")
                       .base_url("https://" + its.host + ":" + std::to_string(server.port()))
                       .ca_file(file("root.pem"));
    if (its.with_crl)
      options.crl_file(file("root.crl"));
    if (its.has_certificate)
      options.client_certificate(file("client.pem"), file("client.key"));
    try {
      const Client client(options);
      auto chat = client.chat("m", Messages().user("x"));
      const auto reply = co_await std::move(chat);
      result = reply.text;
    } catch (const Error& error) {
      result = error.what();
    }
  });
  return result;
}

std::vector<Case> all_cases()
{
  std::vector<Case> cases;
  const auto add = [&](const std::string& name, bool accepted) -> Case& {
    Case its;
    its.name = its.certificate = name;
    its.accepted = accepted;
    return cases.emplace_back(its);
  };
  add("ok", true);
  add("ok-chain", true);
  add("ip-only", true).host = "127.0.0.1";
  add("wildcard", true).host = "a.llm.test";
  for (const auto* name :
       {"expired",
        "not-yet-valid",
        "wrong-host",
        "cn-only",
        "self-signed",
        "untrusted-root",
        "missing-intermediate",
        "client-eku",
        "pathlen",
        "name-constraints",
        "rsa1024",
        "sha1"})
    add(name, false);
  add("dns-as-ip", false).host = "127.0.0.1";
  add("leaf-as-ca", false).certificate = "leaf-as-ca-chain";
  const auto only = [&](const char* name, int version, bool accepted) {
    auto& its = add(name, accepted);
    its.certificate = "ok";
    its.oldest = its.newest = version;
  };
  only("TLS 1.0", TLS1_VERSION, false);
  only("TLS 1.1", TLS1_1_VERSION, false);
  only("TLS 1.2", TLS1_2_VERSION, true);
  only("TLS 1.3", TLS1_3_VERSION, true);
  add("revoked", false).with_crl = true;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
    for (const bool has_one : {false, true}) {
      only("client-cert-required", version, has_one);
      cases.back().demands_certificate = true;
      cases.back().has_certificate = has_one;
    }
  // Beyond the list: a list of revoked certificates refuses nobody else.
  auto& listed = add("not revoked", true);
  listed.certificate = "ok";
  listed.with_crl = true;
  return cases;
}

}  // namespace

TEST_CASE("each of the 24 TLS cases is accepted or refused as it should be", "[client]")
{
  const char* const shared = std::getenv("ASYNCLLM_SHARED");
  const auto script = std::filesystem::path(shared ? shared : "") / "tools" / "mk_certs.sh";
  if (!shared || !std::filesystem::exists(script)) {
    std::cout << "SKIPPED: there is no mk_certs.sh here\n";
    return;
  }
  auto folder = (std::filesystem::temp_directory_path() / "asyncllm-certs-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()));
  const auto command = "bash '" + script.string() + "' '" + folder + "' >/dev/null 2>&1";
  bool is_made = false;  // its serial numbers are random, and openssl refuses some
  for (int i = 0; i < 20 && !is_made; ++i)
    is_made = std::system(command.c_str()) == 0;
  REQUIRE(is_made);
  for (const auto& its : all_cases()) {
    const auto result = result_of(its, folder);
    INFO(its.name << ": " << result);
    if (std::getenv("ASYNCLLM_SHOW"))
      std::cout << its.name << ": " << result << "\n";
    if (its.accepted)
      CHECK(result == "accepted");
    else
      CHECK(result.starts_with("tls_failed: "));
  }
  std::filesystem::remove_all(folder);
}

#endif
