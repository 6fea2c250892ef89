// What a wire may decide about its requests that no wire of today needs: a path with the model's
// name in it, and a signature over the whole request.
#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/provider/endpoint.hpp>
#include <asyncllm/impl/provider/reply/delta_decoder.hpp>
#include <asyncllm/impl/provider/wire.hpp>

#include "test.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using namespace asyncllm;
using client::ClientState;
using provider::Operation;

namespace {

// OpenAI's bodies, under Gemini's kind of paths, signed in Bedrock's manner.
class SignedWire final : public provider::Wire {
 public:
  explicit SignedWire(const provider::Wire& bodies) : bodies_(bodies) {}

  void append_path(Operation operation, std::string_view model, std::string& out) const override
  {
    if (operation == Operation::list_models)
      out += "/models";
    else
      out.append("/models/")
          .append(model)
          .append(operation == Operation::chat ? ":chat" : ":embed");
  }
  HeaderList fields(const provider::Preset&, std::string_view) const override { return {}; }
  bool signs() const noexcept override { return true; }
  HeaderList signature(
      const provider::SignedParts& parts,
      const provider::Preset&,
      std::string_view api_key) const override
  {
    std::string text(api_key);
    text.append("|").append(parts.method).append("|").append(parts.target);
    text.append("|").append(std::to_string(parts.body.size()));
    return {{"X-Signature", text}};
  }

  void encode(
      const ChatRequest& request,
      const provider::Preset& preset,
      provider::Delivery delivery,
      std::string& out) const override
  {
    bodies_.encode(request, preset, delivery, out);
  }
  void encode(const EmbedRequest& request, std::string& out) const override
  {
    bodies_.encode(request, out);
  }
  Reply decode(std::string& body, json::Reader& reader) const override
  {
    return bodies_.decode(body, reader);
  }
  std::unique_ptr<provider::DeltaDecoder> deltas() const override { return bodies_.deltas(); }
  provider::ModelPage decode_models(std::string& body) const override
  {
    return bodies_.decode_models(body);
  }

 private:
  const provider::Wire& bodies_;
};

struct Fixture {
  provider::Endpoint endpoint = provider::resolve_endpoint(
      {"openai-compatible", "http://127.0.0.1:1/v1", "key"},
      [](const char*) -> char* { return nullptr; });
  SignedWire wire{provider::wire_of(*endpoint.preset)};
  std::shared_ptr<const ClientState> state = std::make_shared<const ClientState>(
      ClientOptions("openai-compatible").base_url("http://127.0.0.1:1/v1"),
      endpoint,
      std::nullopt,
      wire);
};

// The request line, the signature and the size of the body.
struct Sent {
  explicit Sent(const std::string& message)
  {
    const auto head_end = message.find("\r\n\r\n");
    line = message.substr(0, message.find("\r\n"));
    body_bytes = message.size() - head_end - 4;
    constexpr std::string_view name = "\r\nX-Signature: ";
    const auto begin = message.find(name);
    REQUIRE(begin < head_end);
    signature =
        message.substr(begin + name.size(), message.find("\r\n", begin + 2) - begin - name.size());
  }
  std::string line, signature;
  std::size_t body_bytes;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a path may hold the model's name", "[client]")
{
  CHECK(state->url_of(Operation::chat, "gemini-9") == "http://127.0.0.1:1/v1/models/gemini-9:chat");
  std::string message;
  const EmbedRequest request{"e", {"text"}, {}};
  state->write_message(request, RequestOptions(), message);
  CHECK(Sent(message).line == "POST /v1/models/e:embed HTTP/1.1");
}

TEST_CASE_METHOD(Fixture, "a signature sees method, target and body of every request", "[client]")
{
  std::string message;
  const auto check = [&](const std::string& line, const std::string& target) {
    const Sent sent(message);
    CHECK(sent.line == line + " HTTP/1.1");
    const auto method = line.substr(0, line.find(' '));
    CHECK(sent.signature == "key|" + method + "|" + target + "|" + std::to_string(sent.body_bytes));
  };
  const auto options = client::share(RequestOptions());
  const client::AnyRequest whole =
      std::make_unique<const ChatRequest>(ChatRequest{"m", Messages().user("Hi"), Parameters()});
  state->write_message(whole, *options, provider::Delivery::whole, message);
  check("POST /v1/models/m:chat", "/v1/models/m:chat");
  state->write_message(whole, *options, provider::Delivery::streamed, message);
  check("POST /v1/models/m:chat", "/v1/models/m:chat");

  const auto chat = std::make_shared<const client::PreparedState>(
      state->prepared("m", Messages().system("Be brief."), RequestOptions()));
  const auto question = state->question(chat, "Hi", RequestOptions());
  state->write_message(question.request, *options, provider::Delivery::whole, message);
  check("POST /v1/models/m:chat", "/v1/models/m:chat");

  state->write_message(EmbedRequest{"e", {"text"}, {}}, *options, message);
  check("POST /v1/models/e:embed", "/v1/models/e:embed");
  state->write_message_for_models(*options, "after=x", message);
  check("GET /v1/models?after=x", "/v1/models?after=x");
}
