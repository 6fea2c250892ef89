// The events of a streamed message of Anthropic's wire, ended by message_stop. Each event's data
// names its type itself, so that the `event:` field is not needed.
#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/merge.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/anthropic/anthropic_fields.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

class AnthropicDeltas final : public DeltaDecoder {
 public:
  AnthropicDeltas() { reader_.keep_halves(); }

  bool feed(const StreamEvent& event, StreamedReply& reply) override
  {
    if (detail::trim(event.data) == "[DONE]")  // OpenRouter adds it after the end
      return true;
    Event read;
    try {
      reader_.object(event.data, [&](json::Object object) { read = read_event(object); });
      if (read.is_error || event.type == "error")
        throw hidden_error(event.data);
    } catch (const Error& error) {
      throw error_behind(error, event.data, event.type == "error")
          .with_partial_text(reply.reply().text)
          .with_body(event.data);
    }
    reply.expect_halves(reader_.has_halves());
    return apply(read, reply);
  }

  bool has_finish() const noexcept override { return has_finish_; }
  bool is_complete() const noexcept override { return has_finish_; }
  bool is_at_end() const noexcept override { return is_done_; }

 private:
  // What one event says.
  struct Event {
    std::string type, model, id, delta_type, partial_json, finish;
    std::int64_t index = 0;
    AnthropicBlock block;  // a new one, or a piece of one
    bool is_error = false;
  };

  Event read_event(json::Object object)
  {
    Event event;
    for (auto field : object) {
      const std::string_view key = field.unescaped_key();
      json::Value value = field.value();
      if (key == "type")
        event.type = json::text_if(value).value_or("");
      else if (key == "index")
        event.index = json::integer_if(value).value_or(0);
      else if (key == "error")
        event.is_error = is_error(value);
      else if (key == "content_block" && json::is_object(value))
        event.block = read_anthropic_block(value);
      else if (key == "delta" && json::is_object(value))
        read_delta(value, event);
      else if (key == "message" && json::is_object(value))
        read_message(value, event);
      else if (key == "usage")
        read_anthropic_usage(value, counts_);
    }
    event.is_error = event.is_error || event.type == "error";
    return event;
  }

  void read_message(json::Value message, Event& event)
  {
    for (auto field : message.get_object()) {
      const std::string_view key = field.unescaped_key();
      json::Value value = field.value();
      if (key == "model")
        event.model = json::text_if(value).value_or("");
      else if (key == "id")
        event.id = json::text_if(value).value_or("");
      else if (key == "usage")
        read_anthropic_usage(value, counts_);
    }
  }

  static void read_delta(json::Value delta, Event& event)
  {
    for (auto field : delta.get_object()) {
      const std::string_view key = field.unescaped_key();
      json::Value value = field.value();
      if (key == "citation" && json::is_object(value)) {
        event.block.citations.append("[").append(json::raw_json(value)).append("]");
        continue;
      }
      const auto text = json::text_if(value).value_or("");
      if (key == "type")
        event.delta_type = text;  // which some gateways leave out
      else if (key == "text")
        event.block.text = text;
      else if (key == "thinking")
        event.block.thinking = text;
      else if (key == "signature")
        event.block.signature = text;
      else if (key == "partial_json")
        event.partial_json = text;
      else if (key == "stop_reason")
        event.finish = text;
    }
  }

  // False: the type is unknown.
  bool apply(const Event& event, StreamedReply& reply)
  {
    auto& so_far = reply.reply();
    if (event.type == "message_start") {
      so_far.model = event.model;
      so_far.id = event.id;
    } else if (event.type == "content_block_start") {
      start_block(event, reply);
    } else if (event.type == "content_block_delta") {
      add_piece(event, reply);
    } else if (event.type == "message_delta") {
      if (!event.finish.empty()) {
        reply.set_finish(finish_reason(event.finish), event.finish);
        end(reply);
      }
      if (counts_.reported)
        reply.add_usage(counts_.usage());
    } else if (event.type == "message_stop") {
      end(reply);
      is_done_ = true;
    } else {
      return event.type == "ping" || event.type == "content_block_stop";
    }
    return true;
  }

  // What the pieces of a block make up.
  static std::string& text_of(AnthropicBlock& block) noexcept
  {
    return block.type == "thinking" ? block.thinking
           : block.type == "text"   ? block.text
                                    : block.input;
  }

  AnthropicBlock& block_at(std::int64_t index, StreamedReply& reply)
  {
    const auto [found, is_new] = blocks_.try_emplace(index);
    if (is_new)
      reply.charge(sizeof *found);
    return found->second;
  }

  // A piece of a block's text. The provider must get back what the model wrote.
  std::string joined(std::int64_t index, const std::string& piece)
  {
    const auto known = halves_.find(index);
    if (!reader_.has_halves() && (known == halves_.end() || piece.empty()))
      return piece;
    auto& halves = halves_[index];
    return reader_.has_halves() ? halves.join(piece) : halves.rest() + piece;
  }

  void start_block(const Event& event, StreamedReply& reply)
  {
    const auto& begun = event.block;
    reply.charge(
        begun.text.size() + begun.thinking.size() + begun.signature.size() + begun.data.size() +
        begun.id.size() + begun.name.size() + begun.input.size() + begun.citations.size() +
        begun.raw.size());
    auto& block = block_at(event.index, reply) = begun;
    auto& text = text_of(block);
    text = joined(event.index, text);
    reply.add_text(block.type == "text" ? begun.text : std::string());
    reply.add_reasoning(block.type == "thinking" ? begun.thinking : std::string());
    if (!begun.citations.empty())
      reply.add_annotations(begun.citations);
    if (block.input.find_first_not_of("{} \t\r\n") == block.input.npos)
      block.input.clear();  // a start that the pieces follow
    if (block.type == "tool_use")
      reply.add_tool_call(event.index, block.id, block.name, block.input);
  }

  void add_piece(const Event& event, StreamedReply& reply)
  {
    auto& block = block_at(event.index, reply);
    const auto& piece = event.block;
    const auto is = [&](std::string_view type) {
      return event.delta_type.empty() || event.delta_type == type;
    };
    if (is("text_delta") && !piece.text.empty()) {
      reply.add_text(piece.text);
      reply.charge(piece.text.size());
      block.text += joined(event.index, piece.text);
    } else if (is("citations_delta") && !piece.citations.empty()) {
      reply.charge(piece.citations.size());
      append_elements(block.citations, piece.citations);
      reply.add_annotations(piece.citations);
    } else if (is("thinking_delta") && !piece.thinking.empty()) {
      reply.add_reasoning(piece.thinking);
      reply.charge(piece.thinking.size());
      block.thinking += joined(event.index, piece.thinking);
    } else if (is("signature_delta") && !piece.signature.empty()) {
      reply.charge(piece.signature.size());
      block.signature += piece.signature;
    } else if (event.delta_type == "input_json_delta" && !block.type.empty()) {
      reply.charge(event.partial_json.size());
      block.input += joined(event.index, event.partial_json);
      if (block.type == "tool_use")
        reply.add_tool_call(event.index, {}, {}, event.partial_json);
    } else if (block.type.empty() && !event.partial_json.empty()) {
      reply.add_tool_call(event.index, {}, {}, event.partial_json);  // of an unknown call: an error
    }
  }

  // A block of the server's own tools came with an empty input, and then with its pieces. Without a
  // whole input it cannot go back.
  static void complete_raw(AnthropicBlock& block)
  {
    if (!block.raw.empty() && !block.input.empty())
      block.raw = json::is_json(block.input)
                      ? json::merged(block.raw, R"({"input":)" + block.input + '}')
                      : std::string();
  }

  // All blocks are complete: some gateways omit the message_stop that should follow.
  void end(StreamedReply& reply)
  {
    if (std::exchange(has_finish_, true))
      return;
    auto& so_far = reply.reply();
    const bool was_cut = is_cut(so_far.finish_reason);
    for (auto& [index, halves] : halves_)
      text_of(blocks_[index]) += halves.rest();
    AnthropicTurn turn;
    for (auto& [index, block] : blocks_) {
      complete_raw(block);
      keep_reasoning(block, so_far.reasoning_extra);
      if (block.type == "tool_use" && block.input.empty() && !was_cut)
        reply.add_tool_call(index, {}, {}, "{}");  // a call without arguments
      turn.add(block);
    }
    if (was_cut && turn.ends_with_call())
      turn.drop_last();
    if (turn.is_more_than_text())
      so_far.details.edit().native = turn.native();
  }

  json::Reader reader_;
  AnthropicUsage counts_;  // in two events
  std::map<std::int64_t, AnthropicBlock> blocks_;
  std::map<std::int64_t, json::HalfJoiner> halves_;  // in those that had any
  bool has_finish_ = false, is_done_ = false;
};

}  // namespace

std::unique_ptr<DeltaDecoder> anthropic_deltas()
{
  return std::make_unique<AnthropicDeltas>();
}

}  // namespace asyncllm::provider
