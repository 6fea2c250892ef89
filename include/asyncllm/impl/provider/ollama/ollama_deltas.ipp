// The lines of a streamed Ollama answer (/api/chat, /api/generate), ended by `done:true`.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/ollama/ollama_fields.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/wires.hpp>

namespace asyncllm::inline v0_1::provider {
namespace {

class OllamaDeltas final : public DeltaDecoder {
 public:
  OllamaDeltas() { reader_.keep_halves(); }

  bool feed(const StreamEvent& event, StreamedReply& reply) override
  {
    OllamaAnswer answer;
    try {
      reader_.object(
          event.data, [&](json::Object object) { read_ollama_answer(object, reader_, answer); });
      if (answer.is_error)
        throw hidden_error(event.data);
    } catch (const Error& error) {
      throw error_behind(error, event.data, false)
          .with_partial_text(reply.reply().text)
          .with_body(event.data);
    }
    reply.expect_halves(reader_.has_halves());
    auto& so_far = reply.reply();
    if (so_far.model.empty())
      so_far.model = answer.model;
    reply.add_reasoning(answer.reasoning);
    reply.add_text(answer.text);
    reply.add_logprobs(answer.logprobs);
    for (const auto& call : answer.tool_calls)  // whole ones; their index is always 0
      reply.add_tool_call(next_call_++, call.id, call.name, call.arguments);
    if (!answer.is_done)
      return answer.has_content;
    is_done_ = true;
    so_far.timings.load = answer.timings.load;  // what is measured here stays
    so_far.timings.prompt_eval = answer.timings.prompt_eval;
    so_far.timings.eval = answer.timings.eval;
    auto reason = finish_reason(answer.finish_reason);
    if (next_call_ > 0 && reason == FinishReason::stop)
      reason = FinishReason::tool_calls;  // this server has no word of its own for it
    reply.set_finish(reason, answer.finish_reason);
    if (answer.usage.reported)
      reply.add_usage(answer.usage);
    return true;
  }

  bool has_finish() const noexcept override { return is_done_; }
  bool is_complete() const noexcept override { return is_done_; }
  bool is_at_end() const noexcept override { return is_done_; }

 private:
  json::Reader reader_;
  std::int64_t next_call_ = 0;
  bool is_done_ = false;
};

}  // namespace

std::unique_ptr<DeltaDecoder> ollama_deltas()
{
  return std::make_unique<OllamaDeltas>();
}

}  // namespace asyncllm::provider
