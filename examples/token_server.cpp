// A web server that streams a model's tokens to browsers as server-sent events:
//   token_server [SPEC [PORT]]        prints its URL; Ctrl-C ends it
// A browser that leaves cancels its request to the model.
#include <asyncllm/asyncllm.hpp>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <charconv>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llm = asyncllm;
using asio::ip::tcp;

namespace {

constexpr std::string_view page = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Ask a model</title>
<style>
  body { font: 18px/1.5 system-ui, sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em }
  form { display: flex; gap: .5em } input { flex: 1; font: inherit; padding: .4em }
  button { font: inherit; padding: .4em 1em } #error { color: #b00020 }
  #answer { white-space: pre-wrap; margin-top: 1em; min-height: 3em }
</style>
<h1>Ask a model</h1>
<form><input name="q" placeholder="Your question" autofocus required><button>Ask</button></form>
<div id="answer"></div><div id="error"></div>
<script>
  const answer = document.querySelector('#answer'), error = document.querySelector('#error');
  let events;
  function ask(question) {
    if (events) events.close();
    answer.textContent = error.textContent = '';
    events = new EventSource('/ask?q=' + encodeURIComponent(question));
    events.onmessage = event => answer.textContent += JSON.parse(event.data);
    events.addEventListener('done', () => events.close());
    events.addEventListener('failed', event => {
      error.textContent = JSON.parse(event.data);
      events.close();
    });
  }
  document.querySelector('form').onsubmit = event => {
    event.preventDefault();
    ask(event.target.q.value);
  };
  const given = new URLSearchParams(location.search).get('q');
  if (given) ask(given);
</script>
)";

struct Request {
  std::string method, path, query;
};

// "GET /ask?q=x HTTP/1.1"; an empty method for what is no request.
Request parse(std::string_view head)
{
  const auto line = head.substr(0, head.find("\r\n"));
  const auto target = line.find(' '), version = line.rfind(" HTTP/1.");
  if (target == line.npos || version == line.npos || version <= target)
    return {};
  const auto whole = line.substr(target + 1, version - target - 1);
  const auto question = std::min(whole.find('?'), whole.size());
  return {
      std::string(line.substr(0, target)),
      std::string(whole.substr(0, question)),
      std::string(whole.substr(std::min(question + 1, whole.size())))};
}

// The value of `name` in a query, decoded.
std::string parameter(std::string_view query, std::string_view name)
{
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (!pair.starts_with(name) || pair.substr(name.size(), 1) != "=")
      continue;
    std::string value;
    for (auto rest = pair.substr(name.size() + 1); !rest.empty(); rest.remove_prefix(1)) {
      unsigned code = 0;
      const bool is_code = rest.size() > 2 && rest[0] == '%' &&
                           std::from_chars(&rest[1], &rest[1] + 2, code, 16).ptr == &rest[1] + 2;
      value += is_code ? static_cast<char>(code) : rest[0] == '+' ? ' ' : rest[0];
      rest.remove_prefix(is_code ? 2 : 0);
    }
    return value;
  }
  return {};
}

std::string response(std::string_view status, std::string_view type, std::string_view body)
{
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(type) +
         "; charset=utf-8\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n" +
         std::string(body);
}

// JSON has no line ends, which would end the event.
std::string event(std::string_view type, std::string_view text)
{
  return (type.empty() ? std::string() : "event: " + std::string(type) + '\n') +
         "data: " + llm::schema::to_json(std::string(text)) + "\n\n";
}

asio::awaitable<void> send(tcp::socket& socket, std::string bytes)
{
  co_await asio::async_write(socket, asio::buffer(bytes), asio::use_awaitable);
}

asio::awaitable<void> send_answer(tcp::socket& socket, llm::ReplyStream stream)
{
  std::string end = event("done", "");
  co_await send(socket, response("200 OK", "text/event-stream", ""));
  try {
    while (const auto delta = co_await stream.next())
      if (delta->kind == llm::Delta::Kind::text)
        co_await send(socket, event("", delta->text));
  } catch (const llm::Error& error) {
    if (llm::is_cancelled(error.code()))
      throw;  // the browser has gone
    end = event("failed", error.what());
  }
  co_await send(socket, std::move(end));
}

// A browser sends nothing more: what comes is its end.
asio::awaitable<void> wait_for_end(tcp::socket& socket)
{
  asio::error_code error;
  for (char bytes[64]; !error;)
    co_await socket.async_read_some(
        asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> answer(tcp::socket& socket, const llm::LlmAgent& agent)
{
  constexpr std::size_t longest_head = 16 * 1024;
  std::string head;
  asio::error_code error;
  co_await asio::async_read_until(
      socket,
      asio::dynamic_buffer(head, longest_head),
      "\r\n\r\n",
      asio::redirect_error(asio::use_awaitable, error));
  const auto request = parse(head);
  const auto question = parameter(request.query, "q");
  std::string refusal;
  if (error || request.method.empty())
    refusal = response("400 Bad Request", "text/plain", "This is no request.\n");
  else if (request.method != "GET")
    refusal = response("405 Method Not Allowed", "text/plain", "Only GET.\n");
  else if (request.path == "/")
    refusal = response("200 OK", "text/html", page);
  else if (request.path != "/ask")
    refusal = response("404 Not Found", "text/plain", "There is / and /ask?q=...\n");
  else if (question.empty())
    refusal = response("400 Bad Request", "text/plain", "The question q is missing.\n");
  if (!refusal.empty()) {
    co_await send(socket, std::move(refusal));
    co_return;
  }
  std::vector<asio::awaitable<void>> both;
  both.push_back(send_answer(socket, agent.stream_message(question)));
  both.push_back(wait_for_end(socket));
  (void)co_await llm::wait_any(std::move(both));  // what ends first cancels the other
}

asio::awaitable<void> serve(tcp::socket socket, llm::LlmAgent agent)
{
  try {
    auto answering = answer(socket, agent);
    co_await std::move(answering);
    asio::error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  } catch (const asio::system_error& error) {
    if (llm::is_cancelled(error.code()))
      throw;  // the server ends
  } catch (const std::exception& error) {
    std::cerr << "a request failed: " << error.what() << '\n';
  }
}

asio::awaitable<int> co_main(std::string model, unsigned short port)
{
  const auto agent = llm::LlmAgent::builder("token_server", model).build();
  tcp::acceptor acceptor(
      co_await asio::this_coro::executor, {asio::ip::address_v4::loopback(), port});
  std::cout << "http://127.0.0.1:" << acceptor.local_endpoint().port() << std::endl;
  const auto accept = [&](llm::TaskGroup& browsers) -> asio::awaitable<void> {
    for (;;) {
      auto socket = co_await acceptor.async_accept(asio::use_awaitable);
      browsers.spawn(serve(std::move(socket), agent));
    }
  };
  co_await llm::with_task_group(accept);
  co_return 0;
}

}  // namespace

int main(int argc, char** argv)
{
  const auto* const model = argc > 1 ? argv[1] : "ollama::gemma3:latest";
  const auto port = static_cast<unsigned short>(argc > 2 ? std::atoi(argv[2]) : 8000);
  return llm::run(co_main(model, port));
}
