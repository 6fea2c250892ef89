// OpenAI's Responses, /v1/responses, as OpenAI and other hosts serve it: stateless, each request
// has the whole conversation.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/embeddings.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>
#include <asyncllm/impl/provider/request/request_fields.hpp>
#include <asyncllm/impl/provider/responses/responses_fields.hpp>
#include <asyncllm/impl/provider/responses/responses_request.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

void add_parts(const std::vector<ResponsesPart>& parts, Reply& reply)
{
  for (const auto& part : parts) {
    switch (part.kind) {
      case ResponsesPart::Kind::text: reply.text += part.text; break;
      case ResponsesPart::Kind::refusal: reply.refusal += part.text; break;
      case ResponsesPart::Kind::reasoning: reply.reasoning += part.text; break;
      case ResponsesPart::Kind::unknown: break;
    }
    reply.logprobs.insert(reply.logprobs.end(), part.logprobs.begin(), part.logprobs.end());
    if (!part.annotations.empty())
      append_elements(reply.details.edit().annotations, part.annotations);
  }
}

void add_item(const ResponsesItem& item, Reply& reply)
{
  if (item.is_call())
    reply.tool_calls.push_back({item.call_id, item.name, item.arguments, {}});
  if (item.is_message() || item.is_reasoning()) {
    add_parts(item.summary, reply);
    add_parts(item.content, reply);
  }
}

class ResponsesWire final : public Wire {
 public:
  void append_path(Operation operation, std::string_view, std::string& out) const override
  {
    switch (operation) {
      case Operation::chat: out += "/responses"; break;
      case Operation::embed: out += "/embeddings"; break;
      case Operation::list_models: out += "/models"; break;
      case Operation::generate: break;
    }
  }

  void encode(const ChatRequest& request, const Preset& preset, Delivery delivery, std::string& out)
      const override
  {
    write_responses_request(request, preset, delivery, out);
  }

  void encode(const EmbedRequest& request, std::string& out) const override
  {
    RequestWriter json(out, request.parameters);
    write_embed_fields(json, request);
    json.finish();
  }

  Reply decode(std::string& body, json::Reader& reader) const override
  {
    ResponsesAnswer answer;
    json::read_object(reader, body, [&](json::Object object) {
      answer = ResponsesAnswer();
      read_responses_answer(object, answer);
    });
    Reply reply;
    for (const auto& item : answer.items)
      add_item(item, reply);
    if (answer.has_failed())
      throw responses_failure(answer, body).with_partial_text(reply.text);
    if (!answer.has_output)
      throw Error(ErrorKind::bad_response, "the answer has no output");
    if (answer.status == "queued" || answer.status == "in_progress")
      throw Error(ErrorKind::incomplete, "the server says that the reply is " + answer.status)
          .with_partial_text(reply.text);
    if (answer.items.empty())
      reply.text = answer.output_text;
    reply.model = std::move(answer.model);
    reply.id = std::move(answer.id);
    reply.usage = answer.usage;
    reply.finish_reason_text = finish_word(answer);
    reply.finish_reason =
        responses_finish(reply.finish_reason_text, reply, !reply.tool_calls.empty());
    const bool was_cut = is_cut(reply.finish_reason);
    settle_tool_calls(reply);
    auto turn = responses_turn(std::move(answer.items), answer.is_stored, was_cut);
    if (!turn.json.empty())
      reply.details.edit().native = std::move(turn);
    return reply;
  }

  std::unique_ptr<DeltaDecoder> deltas() const override { return responses_deltas(); }

  Embeddings decode_embeddings(std::string& body) const override
  {
    return read_openai_embeddings(body);
  }

  ModelPage decode_models(std::string& body) const override
  {
    return read_names(body, {.list = "data", .name = "id", .after = "after"});
  }
};

}  // namespace

const Wire& responses_wire() noexcept
{
  static const ResponsesWire wire;
  return wire;
}

}  // namespace asyncllm::provider
