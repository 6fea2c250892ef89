// The chunks of a streamed chat completion: `data: {json}` events, ended by `data: [DONE]`.
#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/openai/openai_fields.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include <algorithm>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

class OpenAiDeltas final : public DeltaDecoder {
 public:
  OpenAiDeltas() { reader_.keep_halves(); }

  bool feed(const StreamEvent& event, StreamedReply& reply) override
  {
    if (!event.data.starts_with('{') && detail::trim(event.data) == "[DONE]") {
      is_done_ = true;
      release_held(reply);
      reply.end_texts();
      return true;
    }
    bool is_error = event.type == "error";
    Chunk chunk;
    try {
      is_error |= read(event.data, chunk, reply.reply());
      if (is_error)
        throw hidden_error(event.data);
    } catch (const Error& error) {
      throw error_behind(error, event.data, is_error)
          .with_partial_text(reply.reply().text)
          .with_body(event.data);
    }
    if (chunk.index.value_or(0) > 0 && !index_) {
      reply.charge(event.data.size());
      held_.push_back({*chunk.index, std::string(event.data)});
      return true;
    }
    if (chunk.index)
      held_.clear();  // of other choices
    apply(chunk, reply);
    return is_known_;
  }

  bool has_finish() const noexcept override { return has_finish_; }
  bool is_complete() const noexcept override { return has_finish_ || (is_done_ && index_); }
  bool is_at_end() const noexcept override { return is_done_; }

 private:
  // The views are valid until the next event: they point into the reader's memory, or into joined_.
  // The content of one event. Applied when all of it was read, since a text may be read twice.
  struct Chunk {
    std::optional<std::int64_t> index;  // of the choice that was read
    std::string_view text, reasoning, thinking, refusal, finish, native_finish;
    std::vector<std::string_view> details;  // of the reasoning: JSON objects
    std::vector<TokenLogprob> logprobs;
    std::vector<ToolCallFields> calls;
    bool is_message = false;  // not a delta
  };

  std::string_view keep(std::string&& text) { return joined_.emplace_back(std::move(text)); }

  // An event of a choice that may not count.
  struct Held {
    std::int64_t index;
    std::string event;
  };

  // Result: whether it is an error.
  bool read(std::string_view event, Chunk& chunk, Reply& reply)
  {
    bool is_again = false, is_error = false;
    joined_.clear();
    annotations_.clear();
    reader_.object(event, [&](json::Object object) {
      if (std::exchange(is_again, true))
        chunk = Chunk();
      is_known_ = false;
      usage_ = Usage();
      is_error |= read(object, chunk, reply);
    });
    return is_error;
  }

  bool read(json::Object object, Chunk& chunk, Reply& reply)
  {
    bool is_error = false;
    for (auto field : object) {
      const auto key = reader_.key(field);
      json::Value value = field.value();
      if (key == "choices" && json::is_array(value)) {
        for (json::Value choice : value.get_array())
          if (!choice.is_null())
            is_error |= read_choice(choice, chunk);
      } else if (key == "error") {
        is_error |= provider::is_error(value);
      } else if (key == "base_resp") {
        is_error |= is_refused(value);
      } else if (key == "usage") {
        read_usage(value);
      } else if (key == "x_groq" && json::is_object(value)) {
        for (auto inner : value.get_object())
          if (reader_.key(inner) == "usage")
            read_usage(inner.value());
      } else if (key == "timings") {
        read_timings(value, reply.timings);
      } else if (reply.model.empty() && key == "model") {
        reply.model = json::text_if(value).value_or("");
      } else if (!has_id_ && key == "id") {
        reply.id = json::text_if(value).value_or("");
        has_id_ = true;
      }
    }
    return is_error;
  }

  void read_usage(json::Value value)
  {
    provider::read_usage(value, usage_);
    is_known_ |= usage_.reported;
  }

  // Of several choices the one with the lowest index counts, as far as that is known. Result:
  // whether it holds an error (OpenRouter).
  bool read_choice(json::Value choice, Chunk& chunk)
  {
    if (chunk.index)
      return read_further_choice(choice, chunk);
    const bool is_error = read_one_choice(choice, chunk);
    if (index_ && *index_ < *chunk.index)
      chunk = Chunk();
    return is_error;
  }

  [[gnu::noinline]] bool read_further_choice(json::Value choice, Chunk& chunk)
  {
    Chunk other;
    const bool is_error = read_one_choice(choice, other);
    if (*other.index < *chunk.index && (!index_ || *index_ >= *other.index))
      chunk = std::move(other);
    return is_error;
  }

  bool read_one_choice(json::Value choice, Chunk& chunk)
  {
    bool has_delta = false, has_whole = false, is_error = false;
    chunk.index = 0;
    is_known_ = true;
    const auto whole = [&]() -> Chunk& {
      if (!std::exchange(has_whole, true))
        whole_ = Chunk();
      return whole_;
    };
    for (auto field : choice.get_object()) {
      const auto key = reader_.key(field);
      json::Value value = field.value();
      if (key == "index")
        chunk.index = json::integer_if(value).value_or(0);
      else if (key == "delta" && json::is_object(value)) {
        has_delta = true;
        read_delta(value, chunk);
      } else if (key == "logprobs" && !value.is_null())
        provider::read_logprobs(value, chunk.logprobs);
      else if (key == "finish_reason")
        chunk.finish = json::text_if(value).value_or("");
      else if (key == "native_finish_reason")
        chunk.native_finish = json::text_if(value).value_or("");
      else if (key == "text")  // of a completion without turns
        whole().text = json::text_if(value).value_or("");
      else if (key == "message" && json::is_object(value)) {
        whole().is_message = true;
        read_delta(value, whole_);
      } else if (key == "usage") {
        read_usage(value);  // Moonshot
      } else if (key == "error") {
        is_error = provider::is_error(value);
      }
    }
    if (has_whole && !has_delta) {  // beside a delta it is all the text so far (Perplexity)
      whole_.index = chunk.index;
      whole_.finish = chunk.finish;
      whole_.native_finish = chunk.native_finish;
      whole_.logprobs = std::move(chunk.logprobs);
      chunk = std::move(whole_);
    }
    return is_error;
  }

  void read_delta(json::Value delta, Chunk& chunk)
  {
    std::string_view names[3];  // of the reasoning, in the order of preference
    for (auto field : delta.get_object()) {
      const auto key = reader_.key(field);
      json::Value value = field.value();
      if (key == "content")
        read_content(value, chunk);
      else if (key == "refusal" && json::text_if(value))
        chunk.refusal = *json::text_if(value);
      else if (key == "reasoning_content")
        names[0] = json::text_if(value).value_or("");
      else if (key == "reasoning")
        names[1] = json::text_if(value).value_or("");
      else if (key == "thinking")
        names[2] = json::text_if(value).value_or("");
      else if (key == "reasoning_details" && json::is_array(value))
        read_details(value, chunk);
      else if (key == "annotations" && json::is_array(value))
        append_array(value, annotations_);
      else if (key == "tool_calls") {
        chunk.calls.clear();  // of a member that comes twice the last one counts
        for_each_tool_call(
            value, reader_, [&](const ToolCallFields& fields) { chunk.calls.push_back(fields); });
      } else if (key == "function_call" && json::is_object(value)) {  // before there were tools
        auto& fragment = chunk.calls.emplace_back();
        fragment.index = 0;
        read_function(value, reader_, fragment);
      }
    }
    for (const auto text : names)
      if (chunk.reasoning.empty())
        chunk.reasoning = text;
    if (chunk.reasoning.empty())
      chunk.reasoning = chunk.thinking;
  }

  void read_content(json::Value value, Chunk& chunk)
  {
    if (const auto plain = json::text_if(value)) {
      chunk.text = *plain;
      return;
    }
    ContentTexts texts;
    append_content(value, texts);
    chunk.text = keep(std::move(texts.text));
    chunk.thinking = keep(std::move(texts.thinking));
    if (!texts.refusal.empty())
      chunk.refusal = keep(std::move(texts.refusal));
  }

  static void read_details(json::Value value, Chunk& chunk)
  {
    chunk.details.clear();
    for (json::Value detail : value.get_array())
      chunk.details.push_back(json::raw_json(detail));
  }

  void apply(const Chunk& chunk, StreamedReply& reply)
  {
    reply.expect_halves(reader_.has_halves());
    if (chunk.index)
      index_ = chunk.index;
    // A message at the end may repeat the whole text.
    const bool is_again = chunk.is_message && !chunk.finish.empty();
    if (!is_again || chunk.reasoning != reply.reply().reasoning)
      reply.add_reasoning(chunk.reasoning);
    if (!is_again || !reply.has_text(chunk.text))
      reply.add_text(chunk.text);
    reply.add_refusal(chunk.refusal);
    for (const auto detail : chunk.details)
      reply.add_reasoning_extra(detail);
    reply.add_logprobs(chunk.logprobs);
    if (!annotations_.empty())
      reply.add_annotations(annotations_);
    if (!is_again || !reply.has_tool_calls())
      add_calls(chunk, reply);
    if (ends_reply(chunk.finish)) {
      has_finish_ = true;
      std::string_view word = chunk.finish;
      const auto reason = choose_finish(word, chunk.native_finish);
      reply.set_finish(reason, word);
    }
    if (usage_.reported)
      reply.add_usage(usage_);
  }

  static void add_calls(const Chunk& chunk, StreamedReply& reply)
  {
    bool is_loose = false;  // the last one has neither index nor id
    for (const auto& call : chunk.calls) {
      if (call.is_empty() && (call.extra.empty() || !reply.has_tool_calls()))
        continue;
      const bool was_loose = std::exchange(is_loose, !call.index && call.id.empty());
      reply.add_tool_call(call.index, call.id, call.name, call.arguments, was_loose && is_loose);
      if (!call.extra.empty())
        reply.set_tool_extra(call.extra);
    }
  }

  // No choice with index 0 came: the lowest that did is the reply.
  void release_held(StreamedReply& reply)
  {
    const auto lowest = std::ranges::min_element(held_, {}, &Held::index);
    for (const auto& [index, event] : held_) {
      if (index != lowest->index)
        continue;
      Chunk chunk;
      read(event, chunk, reply.reply());
      apply(chunk, reply);
    }
    held_.clear();
  }

  json::Reader reader_;
  Chunk whole_;                        // a choice that is a whole message
  Usage usage_;                        // in the event
  std::list<std::string> joined_;      // texts that an event gives in pieces
  std::string annotations_;            // in the event: a JSON array
  std::vector<Held> held_;             // of choices other than the first, before any of that came
  std::optional<std::int64_t> index_;  // of the choice that is read
  bool is_known_ = false;              // the event has a choice, or the usage
  bool has_id_ = false, has_finish_ = false, is_done_ = false;
};

}  // namespace

std::unique_ptr<DeltaDecoder> openai_deltas()
{
  return std::make_unique<OpenAiDeltas>();
}

}  // namespace asyncllm::provider
