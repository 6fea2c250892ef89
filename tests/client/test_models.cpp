// The list of models of servers that send it in pages.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>

#include "on_loop.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace asyncllm;
using support::Peer;
using support::SocketServer;

namespace {

using Names = std::vector<std::string>;

struct Listed {
  Names names;
  std::vector<std::string> targets;  // of the requests
  std::optional<Error> error;
};

std::string page_of(const std::string& name, bool has_more)
{
  return R"({"data":[{"id":")" + name + R"("}],"has_more":)" + (has_more ? "true" : "false") + '}';
}

// Asks a server that sends these pages, the last one again and again; "" is a 403.
Listed list(const std::vector<std::string>& pages, const std::string& path = "")
{
  Listed listed;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) -> asio::awaitable<void> {
      while (co_await peer->read_request()) {
        const auto& request = peer->last_request();
        const auto begin = request.find(' ') + 1;
        const auto at = listed.targets.size();
        listed.targets.push_back(request.substr(begin, request.find(' ', begin) - begin));
        const auto& body = pages[at < pages.size() ? at : pages.size() - 1];
        const std::string status = body.empty() ? "403 No" : "200 OK";
        co_await peer->write(
            "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body);
      }
    });
    const Client client(ClientOptions("anthropic").base_url(server.url() + path).api_key("k"));
    try {
      auto names = client.models();
      listed.names = co_await std::move(names);
    } catch (const Error& error) {
      listed.error = error;
    }
  });
  return listed;
}

}  // namespace

TEST_CASE("a list of models in pages is read page by page", "[client]")
{
  const auto listed = list({page_of("a", true), page_of("b c", true), page_of("d", false)});
  CHECK(listed.names == Names{"a", "b c", "d"});
  CHECK(
      listed.targets == Names{"/v1/models", "/v1/models?after_id=a", "/v1/models?after_id=b%20c"});
  CHECK_FALSE(listed.error);
}

TEST_CASE("the query of a base URL stays with every page of models", "[client]")
{
  const auto listed = list({page_of("a", true), page_of("b", false)}, "?v=1");
  CHECK(listed.names == Names{"a", "b"});
  CHECK(listed.targets == Names{"/v1/models?v=1", "/v1/models?v=1&after_id=a"});
}

TEST_CASE("a server that sends the same page of models again has no other", "[client]")
{
  const auto listed = list({page_of("a", true)});
  CHECK(listed.names == Names{"a"});
  CHECK(listed.targets.size() == 2);
}

TEST_CASE("a page of models that fails is the error of the call", "[client]")
{
  const auto listed = list({page_of("a", true), ""});
  CHECK(listed.names.empty());
  REQUIRE(listed.error);
  CHECK(listed.error->kind() == ErrorKind::permission_denied);
}

TEST_CASE("endless pages of models are not all read", "[client]")
{
  std::vector<std::string> pages;
  for (int i = 0; i < 200; ++i)
    pages.push_back(page_of(std::to_string(i), true));
  const auto listed = list(pages);
  CHECK(listed.targets.size() == 100);
  REQUIRE(listed.error);
  CHECK(listed.error->kind() == ErrorKind::response_too_large);
}
