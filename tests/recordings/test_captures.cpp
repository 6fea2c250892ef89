// Raw answers of real servers, replayed over a socket in the pieces in which they came. The status
// and text of each are in captures.tsv; ASYNCLLM_LIST_CAPTURES=FILE writes that list anew.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>

#include "on_loop.hpp"
#include "shared_data.hpp"
#include "socket_server.hpp"
#include "test.hpp"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace asyncllm;
using support::Peer;
using support::SocketServer;
using Json = nlohmann::json;

namespace {

struct Capture {
  std::string name, path, response;
  bool streamed = false;
  std::vector<std::size_t> reads;
};

std::string provider_of(const std::string& path)
{
  if (path == "/v1/chat/completions")
    return "openai";
  if (path == "/v1/messages")
    return "anthropic";
  if (path == "/v1/responses")
    return "openai-responses";
  return path == "/api/chat" || path == "/api/generate" ? "ollama" : "";
}

Capture read_capture(const std::filesystem::path& request_file)
{
  const auto request = support::read_file(request_file);
  const auto stem = request_file.string().substr(0, request_file.string().size() - 12);
  Capture capture;
  capture.name = std::filesystem::path(stem).parent_path().filename().string() + "/" +
                 std::filesystem::path(stem).filename().string();
  std::istringstream line(request.substr(0, request.find("\r\n")));
  std::string method;
  line >> method >> capture.path;
  if (method != "POST")
    capture.path.clear();
  const auto body = Json::parse(
      request.substr(std::min(request.find("\r\n\r\n"), request.size())), nullptr, false);
  const bool is_ollama = provider_of(capture.path) == "ollama";  // streams unless told otherwise
  capture.streamed = body.is_object() ? body.value("stream", is_ollama) : is_ollama;
  capture.response = support::read_file(stem + ".response.raw");
  std::ifstream reads(stem + ".reads.tsv");
  for (std::string row; std::getline(reads, row);)
    if (const auto tab = row.find('\t'); !row.starts_with('#') && tab != row.npos)
      capture.reads.push_back(std::stoul(row.substr(tab + 1)));
  return capture;
}

std::vector<Capture> captures()
{
  std::vector<Capture> all;
  const auto folder = support::shared_data("captures");
  if (!folder)
    return all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder))
    if (entry.path().string().ends_with(".request.raw"))
      if (auto capture = read_capture(entry.path()); !provider_of(capture.path).empty())
        all.push_back(std::move(capture));
  std::ranges::sort(all, {}, &Capture::name);
  return all;
}

// Lets the client read what was written, so that it is a read of its own there.
asio::awaitable<void> pause(asio::io_context& loop)
{
  for (int i = 0; i < 3; ++i)
    co_await asio::post(loop, asio::use_awaitable);
}

asio::awaitable<void> serve(
    asio::io_context& loop,
    std::shared_ptr<Peer> peer,
    const Capture& capture,
    std::vector<std::size_t> reads)
{
  co_await peer->read_request();
  std::size_t at = 0;
  for (const auto size : reads) {
    co_await peer->write(capture.response.substr(at, size));
    at += size;
    co_await pause(loop);
  }
  if (at < capture.response.size())
    co_await peer->write(capture.response.substr(at));
  peer->close();
}

asio::awaitable<Reply> ask(const Client& client, const Capture& capture)
{
  const auto options = RequestOptions().retries(RetryPolicy().max_retries(0));
  if (capture.path == "/api/generate") {
    if (capture.streamed) {
      auto stream = client.stream("m", Prompt("x"), options);
      co_return co_await stream.collect();
    }
    auto call = client.generate("m", Prompt("x"), options);
    co_return co_await std::move(call);
  }
  if (capture.streamed) {
    auto stream = client.stream("m", Messages().user("x"), options);
    co_return co_await stream.collect();
  }
  auto call = client.chat("m", Messages().user("x"), options);
  co_return co_await std::move(call);
}

// JSON, to be one line; of a long text its start, its length and its hash (FNV-1a).
std::string quoted(const std::string& text)
{
  constexpr std::size_t most = 60;
  const auto json = Json(text.substr(0, most)).dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() <= most)
    return json;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::ostringstream line;
  line << json << " ... " << text.size() << " bytes " << std::hex << hash;
  return line.str();
}

// What the client makes of a capture that comes in these pieces: one line.
std::string outcome(const Capture& capture, const std::vector<std::size_t>& reads)
{
  std::string line;
  support::on_loop([&](asio::io_context& loop) -> asio::awaitable<void> {
    SocketServer server(loop, [&](std::shared_ptr<Peer> peer, int) {
      return serve(loop, std::move(peer), capture, reads);
    });
    const auto provider = provider_of(capture.path);
    const Client client(ClientOptions(provider).base_url(
        server.url() + (provider.starts_with("openai") ? "/v1" : "")));
    try {
      const auto reply = co_await ask(client, capture);
      line = "200\t" + std::string(to_string(reply.finish_reason)) + '\t' + quoted(reply.text);
      if (!reply.reasoning.empty())
        line += "\treasoning " + quoted(reply.reasoning);
      for (const auto& call : reply.tool_calls)
        line += "\tcall " + call.name + ' ' + call.arguments;
      if (reply.usage.reported)
        line += "\tusage " + std::to_string(reply.usage.input_tokens) + '+' +
                std::to_string(reply.usage.output_tokens);
    } catch (const Error& error) {
      line = std::to_string(error.http_status()) + '\t' + std::string(to_string(error.kind())) +
             '\t' + quoted(error.server_message());
      if (!error.partial_text().empty())
        line += "\tso far " + quoted(error.partial_text());
    }
  });
  return line;
}

}  // namespace

TEST_CASE("captures give the same whole and in the pieces in which they came", "[recordings]")
{
  std::map<std::string, std::string> expected;
  std::ifstream list(ASYNCLLM_CAPTURES_LIST);
  for (std::string row; std::getline(list, row);)
    if (const auto tab = row.find('\t'); tab != row.npos)
      expected[row.substr(0, tab)] = row.substr(tab + 1);

  std::string rows;
  int count = 0, same = 0, listed = 0;
  for (const auto& capture : captures()) {
    const auto whole = outcome(capture, {capture.response.size()});
    const auto in_pieces = outcome(capture, capture.reads);
    rows += capture.name + '\t' + whole + '\n';
    INFO(capture.name);
    CHECK(in_pieces == whole);
    ++count;
    same += in_pieces == whole ? 1 : 0;
    if (const auto known = expected.find(capture.name); known != expected.end()) {
      CHECK(whole == known->second);
      listed += whole == known->second ? 1 : 0;
    }
  }
  if (count > 0)
    std::cout << "captures: " << same << " of " << count << " the same in pieces, " << listed
              << " as listed\n";
  if (const char* const file = std::getenv("ASYNCLLM_LIST_CAPTURES"))
    std::ofstream(file) << rows;
}
