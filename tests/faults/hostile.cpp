// A server that breaks its answers by chance: `asyncllm-hostile N [SEED]` makes N calls over the
// three wires, whole and streamed. Each must end, in the whole reply to its own question or in an
// Error whose partial text is how that reply begins.
#include <asyncllm/client/client.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/core/error.hpp>

#include "socket_server.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using support::Peer;
using support::SocketServer;

namespace {

using Json = nlohmann::json;

enum class Mutation {
  none,
  cut,
  reset,
  surplus,
  other_answer,  // a whole one to another question, behind the right one
  early,         // a refusal, before the request is read
  slow,
  wrong_length,
  flipped_head,
  broken_chunk,  // a byte too many around the size of the first chunk
  // From here on what the model said may be another thing, and nobody can tell.
  flipped_body,
  repeated,
  left_out,
  count
};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t end)
  {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(engine_);
  }
  bool one_in(std::size_t count) { return below(count) == 0; }
  char byte()
  {
    constexpr std::string_view likely = "\r\n\t :;{}[]\",\\0159aeE+-.\0\x7f\xff";
    return one_in(2) ? likely[below(likely.size())] : static_cast<char>(below(256));
  }

 private:
  std::minstd_rand engine_;
};

std::string text_of(std::size_t number)
{
  std::string text = "the answer to #" + std::to_string(number) + ':';
  for (std::size_t i = 0; i < number % 40; ++i)
    text += " w" + std::to_string(number + i);
  return text + " end";
}

std::vector<std::string> words_of(const std::string& text)
{
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(' ', begin + 1), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::string event(const Json& json, std::string_view type = "")
{
  std::string text = type.empty() ? "" : "event: " + std::string(type) + '\n';
  return text + "data: " + json.dump() + "\n\n";
}

std::vector<std::string> openai_body(const std::string& text, bool streamed)
{
  const auto choice = [](const char* name, Json said, Json finish) {
    return Json{{"choices", {{{"index", 0}, {name, std::move(said)}, {"finish_reason", finish}}}}};
  };
  if (!streamed)
    return {choice("message", {{"content", text}}, "stop").dump()};
  std::vector<std::string> pieces;
  for (const auto& word : words_of(text))
    pieces.push_back(event(choice("delta", {{"content", word}}, nullptr)));
  pieces.push_back(event(choice("delta", Json::object(), "stop")));
  pieces.emplace_back("data: [DONE]\n\n");
  return pieces;
}

std::vector<std::string> ollama_body(const std::string& text, bool streamed)
{
  const auto line = [](const std::string& said, bool done) {
    Json json{{"message", {{"role", "assistant"}, {"content", said}}}, {"done", done}};
    if (done)
      json["done_reason"] = "stop";
    return json.dump() + '\n';
  };
  if (!streamed)
    return {line(text, true)};
  std::vector<std::string> pieces;
  for (const auto& word : words_of(text))
    pieces.push_back(line(word, false));
  pieces.push_back(line("", true));
  return pieces;
}

std::vector<std::string> anthropic_body(const std::string& text, bool streamed)
{
  if (!streamed)
    return {Json{
        {"type", "message"},
        {"content", {{{"type", "text"}, {"text", text}}}},
        {"stop_reason", "end_turn"}}
                .dump()};
  std::vector<std::string> pieces;
  const auto add = [&](const char* type, Json json) {
    json["type"] = type;
    pieces.push_back(event(json, type));
  };
  add("message_start", {{"message", {{"id", "m"}, {"content", Json::array()}}}});
  add("content_block_start", {{"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}});
  for (const auto& word : words_of(text))
    add("content_block_delta", {{"index", 0}, {"delta", {{"type", "text_delta"}, {"text", word}}}});
  add("content_block_stop", {{"index", 0}});
  add("message_delta", {{"delta", {{"stop_reason", "end_turn"}}}});
  add("message_stop", Json::object());
  return pieces;
}

constexpr const char* wires[] = {"openai", "ollama", "anthropic"};

std::vector<std::string> body_of(std::size_t wire, const std::string& text, bool streamed)
{
  return wire == 0   ? openai_body(text, streamed)
         : wire == 1 ? ollama_body(text, streamed)
                     : anthropic_body(text, streamed);
}

struct Answer {
  std::string head, body;
};

std::string chunk(const std::string& piece)
{
  constexpr std::string_view digits = "0123456789abcdef";
  std::string size;
  for (auto left = piece.size(); left > 0; left /= 16)
    size.insert(size.begin(), digits[left % 16]);
  return size + "\r\n" + piece + "\r\n";
}

Answer answer_to(std::size_t number, std::size_t wire, bool streamed, bool chunked)
{
  Answer answer;
  const auto pieces = body_of(wire, text_of(number), streamed);
  for (const auto& piece : pieces)
    answer.body += chunked ? chunk(piece) : piece;
  if (chunked)
    answer.body += "0\r\n\r\n";
  const auto* const type = !streamed   ? "application/json"
                           : wire == 1 ? "application/x-ndjson"
                                       : "text/event-stream";
  answer.head = std::string("HTTP/1.1 200 OK\r\nContent-Type: ") + type + "\r\n" +
                (chunked ? "Transfer-Encoding: chunked"
                         : "Content-Length: " + std::to_string(answer.body.size())) +
                "\r\n\r\n";
  return answer;
}

// What goes out, and how it ends.
struct Outgoing {
  std::string bytes;
  bool reset = false, close = true;
};

Outgoing mutated(
    Answer answer, Mutation mutation, std::size_t number, std::size_t wire, Random& random)
{
  auto& [head, body] = answer;
  Outgoing out;
  switch (mutation) {
    case Mutation::wrong_length:
      if (const auto at = head.find("Content-Length: "); at != head.npos) {
        const auto size = random.below(2 * body.size());
        head.replace(at, head.find("\r\n", at) - at, "Content-Length: " + std::to_string(size));
      }
      break;
    case Mutation::flipped_head:
      for (auto count = 1 + random.below(3); count > 0; --count)
        head[random.below(head.size())] = random.byte();
      break;
    case Mutation::broken_chunk:
      if (head.find("chunked") != head.npos)
        body.insert(random.one_in(2) ? 0 : body.find("\r\n"), 1, random.byte());
      break;
    case Mutation::flipped_body:
      for (auto count = 1 + random.below(4); count > 0; --count)
        body[random.below(body.size())] = random.byte();
      break;
    case Mutation::repeated: {
      const auto from = random.below(body.size());
      body.insert(random.below(body.size()), body.substr(from, random.below(100)));
      break;
    }
    case Mutation::left_out: body.erase(random.below(body.size()), 1 + random.below(50)); break;
    default: break;
  }
  out.bytes = head + body;
  switch (mutation) {
    case Mutation::none:
    case Mutation::slow: out.close = random.one_in(10); break;
    case Mutation::cut:
    case Mutation::reset: out.bytes.resize(random.below(out.bytes.size())); break;
    case Mutation::surplus:
      for (auto count = 1 + random.below(20); count > 0; --count)
        out.bytes += random.byte();
      out.close = random.one_in(2);
      break;
    case Mutation::other_answer: {
      const auto other = answer_to(number + 1, wire, false, false);
      out.bytes += other.head + other.body;
      out.close = false;
      break;
    }
    default: break;
  }
  out.reset = mutation == Mutation::reset;
  return out;
}

struct Totals {
  std::size_t replies = 0, errors = 0, wrong = 0;
  std::map<ErrorKind, std::size_t> kinds;
};

class Hostile {
 public:
  Hostile(asio::io_context& loop, unsigned seed)
      : random_(seed),
        server_(loop, [this](std::shared_ptr<Peer> peer, int) { return serve(std::move(peer)); })
  {
    for (const auto* const wire : wires)
      clients_.emplace_back(
          ClientOptions(wire).base_url(server_.url()).api_key("any").max_in_flight(0));
  }

  asio::awaitable<void> call(std::size_t number)
  {
    const auto wire = number % 3;
    const bool streamed = number / 3 % 2 == 1;
    plans_[number] = Mutation(random_.below(std::size_t(Mutation::count)));
    early_ = early_ || plans_[number] == Mutation::early;
    auto options = RequestOptions()
                       .timeouts(Timeouts().total(20s))
                       .retries(RetryPolicy().max_retries(0))
                       .wire_streaming(streamed);
    std::optional<Error> failure;
    std::string text;
    try {
      auto chat =
          clients_[wire].chat("m", Messages().user(std::to_string(number)), std::move(options));
      const auto reply = co_await std::move(chat);
      text = reply.text;
    } catch (const Error& error) {
      failure = error;
    }
    judge(number, text, failure);
    plans_.erase(number);
  }

  const Totals& totals() const { return totals_; }

 private:
  void judge(std::size_t number, const std::string& text, const std::optional<Error>& failure)
  {
    const auto mutation = plans_[number];
    const auto expected = text_of(number);
    bool right = failure ? expected.starts_with(failure->partial_text()) : text == expected;
    if (mutation >= Mutation::flipped_body)
      right = true;
    const bool was_refused = failure && failure->kind() == ErrorKind::overloaded;
    if (failure &&
        (failure->kind() == ErrorKind::timeout || (mutation == Mutation::none && !was_refused)))
      right = false;
    if (failure)
      ++totals_.kinds[failure->kind()];
    ++(failure ? totals_.errors : totals_.replies);
    if (!right && totals_.wrong++ < 10)
      std::cerr << "call " << number << ", " << wires[number % 3]
                << (number / 3 % 2 ? ", streamed" : "") << ", mutation " << int(mutation) << ": "
                << (failure ? failure->what() : "\"" + text + '"') << '\n';
  }

  asio::awaitable<void> serve(std::shared_ptr<Peer> peer)
  {
    if (std::exchange(early_, false)) {
      co_await peer->write(
          "HTTP/1.1 503 No\r\nContent-Length: 24\r\n\r\n{\"error\":\"not just now\"}");
      co_return peer->shut_down();
    }
    while (co_await peer->read_request()) {
      const auto& request = peer->last_request();
      const auto json = Json::parse(request.substr(request.find("\r\n\r\n")));
      const auto& content = json.at("messages").back().at("content");
      const auto number = std::stoul(
          content.is_string() ? content.get<std::string>()
                              : content.at(0).at("text").get<std::string>());
      const auto plan = plans_.find(number);
      if (plan == plans_.end())
        break;
      const bool streamed = number / 3 % 2 == 1;
      const auto out = mutated(
          answer_to(number, number % 3, streamed, random_.one_in(2)),
          plan->second,
          number,
          number % 3,
          random_);
      // Bytes behind the end of an answer must be there before the next request, or they are that
      // one's answer: HTTP/1.1 has nothing by which to tell. So only what has none comes slowly.
      const bool may_be_slow = plan->second == Mutation::none || plan->second == Mutation::cut ||
                               plan->second == Mutation::reset;
      if (plan->second == Mutation::slow || (may_be_slow && random_.one_in(4)))
        co_await write_slowly(*peer, out.bytes);
      else
        co_await peer->write(out.bytes);
      if (out.reset)
        peer->reset();
      if (out.close || out.reset)
        break;
    }
    peer->close();
  }

  asio::awaitable<void> write_slowly(Peer& peer, const std::string& bytes)
  {
    const auto executor = co_await asio::this_coro::executor;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = 1 + random_.below(200);
      co_await peer.write(bytes.substr(at, size));
      co_await asio::post(executor, asio::use_awaitable);
      at += size;
    }
  }

  Random random_;
  std::map<std::size_t, Mutation> plans_;
  bool early_ = false;  // the next connection, whoever makes it, is refused at once
  SocketServer server_;
  std::vector<Client> clients_;
  Totals totals_;
};

asio::awaitable<void> attack(asio::io_context& loop, std::size_t calls, unsigned seed, int& status)
{
  Hostile hostile(loop, seed);
  const auto call = [&](std::size_t number) { return hostile.call(number); };
  const auto nothing = [](std::size_t, const Outcome<void>& outcome) { outcome.value(); };
  auto work = for_each_limit(std::views::iota(std::size_t(0), calls), 16, call, nothing);
  co_await std::move(work);
  const auto& totals = hostile.totals();
  std::cout << "seed " << seed << ": " << totals.replies << " replies, " << totals.errors
            << " errors, " << totals.wrong << " wrong";
  for (const auto& [kind, count] : totals.kinds)
    std::cout << "; " << to_string(kind) << ' ' << count;
  const bool passed = totals.wrong == 0 && totals.replies + totals.errors == calls;
  std::cout << '\n' << (passed ? "passed" : "FAILED") << std::endl;
  status = passed ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments)
{
  const long calls = count > 1 ? std::atol(arguments[1]) : 0;
  if (calls < 1) {
    std::cerr << "usage: asyncllm-hostile NUMBER_OF_CALLS [SEED]\n";
    return 2;
  }
  const auto seed = count > 2 ? static_cast<unsigned>(std::atol(arguments[2])) : 20261126U;
  asio::io_context loop;
  int status = 1;
  asio::co_spawn(
      loop,
      attack(loop, static_cast<std::size_t>(calls), seed, status),
      [](const std::exception_ptr& error) {
        if (error)
          std::rethrow_exception(error);
      });
  loop.run();
  return status;
}
