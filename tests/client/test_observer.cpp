// What observers see of the calls of a client.
#include <asyncllm/agent/run.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/observe/log_observer.hpp>
#include <asyncllm/observe/observer.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "served.hpp"
#include "test.hpp"

#include <chrono>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;
using support::Served;
using testing::Answer;

namespace {

// The events in a few words, each once it happened.
class Witness : public Observer {
 public:
  explicit Witness(bool content = false) : content_(content) {}

  void call_started(const CallInfo& call) override
  {
    log += "start " + std::to_string(call.id) + ' ' + call.operation + ' ' + call.model;
    if (call.streamed)
      log += " streamed";
    if (call.messages)
      log += " asking " + std::prev(call.messages->end())->text();
    log += "; ";
    last_call = call;
  }
  void attempt_ended(const CallInfo& call, const AttemptInfo& attempt) override
  {
    log += "attempt " + std::to_string(attempt.number) + ' ' + std::to_string(attempt.status);
    if (attempt.error)
      log += ' ' + std::string(to_string(attempt.error->kind()));
    if (attempt.wait)
      log += " again";
    log += "; ";
    attempts.push_back(attempt);
    attempts.back().error = nullptr;
    CHECK(call.id == last_call.id);
  }
  void first_token(const CallInfo&, CallInfo::TimePoint) override { log += "token; "; }
  void call_ended(const CallInfo& call, const CallEnd& end) override
  {
    log += "end " + std::to_string(call.id) + ' ';
    log += end.error ? std::string(to_string(end.error->kind())) : end.finish_reason;
    if (end.usage.reported)
      log += ' ' + std::to_string(end.usage.output_tokens) + " tokens";
    if (end.reply)
      log += " answering " + end.reply->text;
    if (end.error)
      error_text = end.error->what();
    log += "; ";
    last_end = end;
    last_end.error = nullptr;
    last_end.reply = nullptr;
  }
  void tool_ran(const ToolInfo& tool) override
  {
    log +=
        "tool " + tool.name + (tool.failed ? " failed" : "") + tool.arguments + tool.result + "; ";
  }
  bool wants_content() const override { return content_; }

  std::string log, error_text;
  CallInfo last_call;
  CallEnd last_end;
  std::vector<AttemptInfo> attempts;

 private:
  bool content_;
};

Client watched(const Served& served, std::shared_ptr<Observer> observer)
{
  return Client(ClientOptions("openai")
                    .base_url(served.server.url() + "/v1")
                    .api_key("secret-key")
                    .observer(std::move(observer)));
}

RequestOptions quick_retries(int count)
{
  return RequestOptions().retries(RetryPolicy().max_retries(count).backoff(1ms, 1ms));
}

}  // namespace

TEST_CASE("the events of a call, whole and streamed", "[client]")
{
  Served served;
  served.server.always(Answer::text("Hello.").usage(7, 3));
  const auto witness = std::make_shared<Witness>();
  const auto client = watched(served, witness);
  served.run(client.chat("m", Messages().user("Hi")));
  CHECK(witness->log == "start 1 chat m; attempt 1 200; end 1 stop 3 tokens; ");
  witness->log.clear();
  auto stream = client.stream("m", Messages().user("Hi"));
  served.run(stream.collect());
  CHECK(witness->log == "start 2 chat m streamed; token; attempt 1 200; end 2 stop 3 tokens; ");
  witness->log.clear();
  served.run(client.models());
  CHECK(witness->log == "start 3 list_models ; attempt 1 200; end 3 ; ");
}

TEST_CASE("the phases of an attempt follow each other", "[client]")
{
  Served served;
  served.server.always(Answer::text("Hello."));
  const auto witness = std::make_shared<Witness>();
  const auto client = watched(served, witness);
  const auto both = [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      auto chat = client.chat("m", Messages().user("Hi"));
      co_await std::move(chat);
    }
  };
  served.run(both());
  REQUIRE(witness->attempts.size() == 2);
  const auto& first = witness->attempts[0];
  CHECK_FALSE(first.reused);
  REQUIRE((first.admitted && first.connected && first.sent && first.first_byte));
  CHECK(first.begun <= *first.admitted);
  CHECK(*first.admitted <= *first.connected);
  CHECK(*first.connected <= *first.sent);
  CHECK(*first.sent <= *first.first_byte);
  CHECK(*first.first_byte <= first.ended);
  CHECK_FALSE(first.secured);
  const auto& second = witness->attempts[1];
  CHECK(second.reused);
  CHECK_FALSE(second.connected);
  CHECK(witness->last_call.started <= second.begun);
  CHECK(second.ended <= witness->last_end.ended);
}

TEST_CASE("retries, failures and refusals are seen", "[client]")
{
  Served served;
  const auto witness = std::make_shared<Witness>();
  const auto client = watched(served, witness);
  served.server.push(Answer::status(503, R"({"error":{"message":"busy"}})"));
  served.server.push(Answer::text("Hello."));
  served.run(client.chat("m", Messages().user("Hi"), quick_retries(1)));
  CHECK(
      witness->log ==
      "start 1 chat m; attempt 1 503 overloaded again; attempt 2 200; end 1 stop 1 tokens; ");
  CHECK(witness->last_end.attempts == 2);
  witness->log.clear();
  served.server.push(Answer::status(401, R"({"error":{"message":"no secret-key"}})"));
  (void)served.error_of(client.chat("m", Messages().user("Hi")));
  CHECK(witness->log == "start 2 chat m; attempt 1 401 authentication; end 2 authentication; ");
  CHECK(witness->error_text.find("secret-key") == std::string::npos);
  witness->log.clear();
  (void)served.error_of(client.chat("m", Messages().user("")));
  CHECK(witness->log.find("attempt") == std::string::npos);  // nothing was sent
}

TEST_CASE("a call that is given up ends as cancelled", "[client]")
{
  Served served;
  served.server.always(Answer::text("one two three four").pace(1h));
  const auto witness = std::make_shared<Witness>();
  const auto client = watched(served, witness);
  const auto read_one = [&]() -> asio::awaitable<void> {
    auto stream = client.stream("m", Messages().user("Hi"));
    (void)co_await stream.next();
  };
  served.run(read_one());
  CHECK(witness->log.find("token; ") != std::string::npos);
  CHECK(witness->log.ends_with("cancelled; "));
  witness->log.clear();
  auto chat = client.chat("m", Messages().user("Hi"));
  (void)served.error_of(with_timeout(std::move(chat), 20ms));
  CHECK(witness->log.ends_with("cancelled; "));
}

TEST_CASE("content is for observers that want it", "[client]")
{
  Served served;
  served.server.always(Answer::text("Hello."));
  const auto blind = std::make_shared<Witness>();
  const auto seeing = std::make_shared<Witness>(true);
  const auto agent = LlmAgent::builder("a", served.server.spec("openai", "m"))
                         .with_system_prompt("S")
                         .with_observer(blind)
                         .with_observer(seeing)
                         .build();
  served.run(agent.send_message_async("Hi"));
  CHECK(blind->log == "start 1 chat m; attempt 1 200; end 1 stop 1 tokens; ");
  CHECK(
      seeing->log ==
      "start 1 chat m asking Hi; attempt 1 200; end 1 stop 1 tokens answering Hello.; ");
}

TEST_CASE("an error shows the text so far only to observers that want content", "[client]")
{
  class Texts : public Observer {
   public:
    explicit Texts(bool content) : content_(content) {}
    void attempt_ended(const CallInfo&, const AttemptInfo& attempt) override
    {
      if (attempt.error)
        text += '[' + std::string(attempt.error->partial_text()) + ']';
    }
    void call_ended(const CallInfo&, const CallEnd& end) override
    {
      if (end.error)
        text += '(' + std::string(end.error->partial_text()) + ')';
    }
    bool wants_content() const override { return content_; }
    std::string text;

   private:
    bool content_;
  };
  Served served;
  const auto body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"secret\"}}]}\n\n";
  served.server.always(Answer::status(200, body, "text/event-stream"));
  const auto blind = std::make_shared<Texts>(false), seeing = std::make_shared<Texts>(true);
  const Client client(ClientOptions("openai")
                          .base_url(served.server.url() + "/v1")
                          .api_key("k")
                          .observer(blind)
                          .observer(seeing));
  auto stream = client.stream("m", Messages().user("Hi"));
  const auto error = served.error_of(stream.collect());
  REQUIRE(error);
  CHECK(error->partial_text() == "secret");
  CHECK(blind->text == "[]()");
  CHECK(seeing->text == "[secret](secret)");
}

TEST_CASE("an observer that throws costs a call nothing", "[client]")
{
  class Thrower : public Observer {
    void call_started(const CallInfo&) override { throw std::runtime_error("no"); }
    void attempt_ended(const CallInfo&, const AttemptInfo&) override { throw 1; }
    void call_ended(const CallInfo&, const CallEnd&) override { throw std::runtime_error("no"); }
    bool wants_content() const override { throw std::runtime_error("no"); }
  };
  Served served;
  served.server.always(Answer::text("Hello."));
  const auto thrower = std::make_shared<Thrower>();
  CHECK(served.run(watched(served, thrower).chat("m", Messages().user("Hi"))).text == "Hello.");
  CHECK(thrower->failures() == 3);
}

TEST_CASE("tools of a run are seen", "[client]")
{
  Served served;
  served.server.push(Answer::text("").and_tool_call("look", "{}").and_tool_call("fall", "{}"));
  served.server.push(Answer::text("Done."));
  const auto witness = std::make_shared<Witness>();
  const auto agent = LlmAgent::builder("a", served.server.spec("openai", "m"))
                         .with_observer(witness)
                         .with_tool(Tool("look", "", [] { return "nothing"; }))
                         .with_tool(Tool("fall", "", [] { throw std::runtime_error("no"); }))
                         .build();
  served.run(agent.run_async("Hi"));
  CHECK(witness->log.find("tool look; ") != std::string::npos);
  CHECK(witness->log.find("tool fall failed; ") != std::string::npos);
}

TEST_CASE("headers are added to each call before it is sent", "[client]")
{
  Served served;
  served.server.push(Answer::status(503, "busy")).always(Answer::text("Hello."));
  int calls = 0;
  const Client client(ClientOptions("openai")
                          .base_url(served.server.url() + "/v1")
                          .api_key("k")
                          .before_send([&](HeaderList& headers, const CallInfo& call) {
                            ++calls;
                            headers.emplace_back("traceparent", "00-" + call.model);
                          }));
  served.run(client.chat("m", Messages().user("Hi"), quick_retries(1)));
  auto stream = client.stream("m", Messages().user("Hi"));
  served.run(stream.collect());
  const auto requests = served.server.requests();
  REQUIRE(requests.size() == 3);
  for (const auto& request : requests)
    CHECK(request.header("traceparent") == "00-m");
  CHECK(calls == 2);  // a retry sends the same request again

  const Client wrong(ClientOptions("openai")
                         .base_url(served.server.url() + "/v1")
                         .api_key("k")
                         .before_send([](HeaderList& headers, const CallInfo&) {
                           headers.emplace_back("bad", "line\nend");
                         }));
  const auto error = served.error_of(wrong.chat("m", Messages().user("Hi")));
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::invalid_argument);
}

TEST_CASE("calls at once are told apart by their ids", "[client]")
{
  Served served;
  served.server.always(Answer::text("Hello."));
  class Ids : public Observer {
   public:
    void call_started(const CallInfo& call) override { open.push_back(call.id); }
    void call_ended(const CallInfo& call, const CallEnd&) override { std::erase(open, call.id); }
    std::vector<std::uint64_t> open;
  };
  const auto ids = std::make_shared<Ids>();
  const auto client = watched(served, ids);
  std::vector<asio::awaitable<Reply>> tasks;
  for (int i = 0; i < 20; ++i)
    tasks.push_back(client.chat("m", Messages().user("Hi")));
  served.run(gather(std::move(tasks)));
  CHECK(ids->open.empty());
  CHECK(ids->next_id() == 21);
}
