// The events of a streamed response, ended by response.completed or response.incomplete. Each
// event's data names its type itself, so that the `event:` field is not needed.
#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/merge.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/json/repair.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/reply/finish_reasons.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/responses/responses_events.hpp>
#include <asyncllm/impl/provider/responses/responses_output.hpp>
#include <asyncllm/impl/provider/wires.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

using PartKind = ResponsesPart::Kind;

// The pieces of which text an event has.
struct PieceEvent {
  std::string_view name;
  PartKind kind;
  bool in_summary, is_done;
};

constexpr PieceEvent piece_events[] = {
    {"output_text.delta", PartKind::text, false, false},
    {"reasoning_summary_text.delta", PartKind::reasoning, true, false},
    {"reasoning_text.delta", PartKind::reasoning, false, false},
    {"reasoning.delta", PartKind::reasoning, false, false},  // of the Open Responses
    {"refusal.delta", PartKind::refusal, false, false},
    {"output_text.done", PartKind::text, false, true},
    {"reasoning_summary_text.done", PartKind::reasoning, true, true},
    {"reasoning_text.done", PartKind::reasoning, false, true},
    {"reasoning.done", PartKind::reasoning, false, true},
    {"refusal.done", PartKind::refusal, false, true},
};

// An error that is not nested stands beside the type of the event, which is not its own.
std::string without_type(std::string_view event)
{
  return json::is_json_object(event) ? json::merged(event, R"({"type":null})") : std::string(event);
}

class ResponsesDeltas final : public DeltaDecoder {
 public:
  ResponsesDeltas() { reader_.keep_halves(); }

  bool feed(const StreamEvent& event, StreamedReply& reply) override
  {
    if (detail::trim(event.data) == "[DONE]") {  // some gateways add it after the end
      is_at_end_ = true;
      return true;
    }
    try {
      ResponsesEvent read;
      reader_.object(event.data, [&](json::Object object) { read = read_responses_event(object); });
      if (read.is_error() || event.type == "error")
        throw hidden_error(without_type(event.data));
      if (read.has_failed())
        throw responses_failure(*read.answer, read.response);
      return apply(read, reply);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::response_too_large)
        throw;
      throw error_behind(error, event.data, event.type == "error")
          .with_partial_text(reply.reply().text)
          .with_body(event.data);
    }
  }

  bool has_finish() const noexcept override { return has_finish_; }
  bool is_complete() const noexcept override { return has_finish_; }
  bool is_at_end() const noexcept override { return is_at_end_; }

 private:
  // False: the event is not of this wire.
  bool apply(ResponsesEvent& event, StreamedReply& reply)
  {
    constexpr std::string_view prefix = "response.";
    if (!event.type.starts_with(prefix))
      return false;
    const auto name = event.type.substr(prefix.size());
    output_.expect_halves(reader_.has_halves());
    if (!apply_piece(name, event, reply))
      apply_other(name, event, reply);
    return true;
  }

  bool apply_piece(std::string_view name, const ResponsesEvent& event, StreamedReply& reply)
  {
    for (const auto& known : piece_events) {
      if (known.name != name)
        continue;
      const auto place = place_of(event, known.in_summary);
      if (known.is_done)
        output_.end_part(place, known.kind, event.whole, reply);
      else
        output_.add_piece(place, known.kind, event.delta, event.logprobs, reply);
      return true;
    }
    return false;
  }

  void apply_other(std::string_view name, ResponsesEvent& event, StreamedReply& reply)
  {
    if (name == "function_call_arguments.delta") {
      output_.add_arguments(name_of(event), event.delta, reply);
    } else if (name == "function_call_arguments.done") {
      output_.end_arguments(name_of(event), event.whole, reply);
    } else if (name == "output_item.added" && event.item) {
      output_.begin_item(name_of(event), *event.item, reply);
    } else if (name == "output_item.done" && event.item) {
      output_.end_item(name_of(event), *event.item, reply);
    } else if (name == "content_part.added" && event.part) {
      output_.begin_part(place_of(event, false), event.part->kind, reply);
    } else if (name == "content_part.done" && event.part) {
      output_.end_part(place_of(event, false), event.part->kind, event.part->text, reply);
    } else if (name == "reasoning_summary_part.done" && event.part) {
      output_.end_part(place_of(event, true), PartKind::reasoning, event.part->text, reply);
    } else if (event.answer) {
      take_names(*event.answer, reply.reply());
      if (event.is_end())
        end(name, *event.answer, reply);
    }
  }

  static void take_names(const ResponsesAnswer& answer, Reply& reply)
  {
    if (!answer.model.empty())
      reply.model = answer.model;
    if (!answer.id.empty())
      reply.id = answer.id;
  }

  static ResponsesOutput::Name name_of(const ResponsesEvent& event)
  {
    return {event.output_index, event.item ? std::string_view(event.item->id) : event.item_id};
  }
  static ResponsesOutput::Place place_of(const ResponsesEvent& event, bool in_summary)
  {
    return {name_of(event), in_summary, event.part_index};
  }

  void end(std::string_view name, ResponsesAnswer& answer, StreamedReply& reply)
  {
    if (std::exchange(has_finish_, true))
      return;
    is_at_end_ = true;
    if (answer.status.empty())
      answer.status = name;
    output_.end(answer, reply);
    const auto word = finish_word(answer);
    const auto reason = responses_finish(word, reply.reply(), reply.has_tool_calls());
    if (answer.usage.reported)
      reply.add_usage(answer.usage);
    reply.set_finish(reason, word);
    auto turn = responses_turn(output_.take_items(), answer.is_stored, is_cut(reason));
    if (!turn.json.empty()) {
      reply.charge(turn.json.size());
      reply.reply().details.edit().native = std::move(turn);
    }
  }

  json::Reader reader_;
  ResponsesOutput output_;
  bool has_finish_ = false, is_at_end_ = false;
};

}  // namespace

std::unique_ptr<DeltaDecoder> responses_deltas()
{
  return std::make_unique<ResponsesDeltas>();
}

}  // namespace asyncllm::provider
