#include <asyncllm/impl/provider/request/request_fields.hpp>
#include <asyncllm/impl/provider/request/request_template.hpp>

#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

// A message with this text is written in the question's position, then removed again. Without
// characters that JSON escapes, so that it is found as it is.
constexpr std::string_view mark = "<the place of asyncllm's question>";

}  // namespace

std::optional<RequestTemplate> RequestTemplate::make(
    const Wire& wire, ChatRequest request, const Preset& preset, Delivery delivery)
{
  request.messages.user(std::string(mark));
  std::string body;
  wire.encode(request, preset, delivery, body);
  const auto at = body.find(mark);
  const bool is_whole_string = at != body.npos && at > 0 && body[at - 1] == '"' &&
                               body.compare(at + mark.size(), 1, "\"") == 0;
  if (!is_whole_string || body.find(mark, at + 1) != body.npos)
    return std::nullopt;
  RequestTemplate made;
  made.before_ = body.substr(0, at - 1);
  made.behind_ = body.substr(at + mark.size() + 1);
  return made;
}

void RequestTemplate::write(
    const std::string& question, bool replaces_invalid, std::string& out) const
{
  out.reserve(out.size() + before_.size() + question.size() + behind_.size() + 16);
  out += before_;
  append_text(out, question, "the text of a message", replaces_invalid);
  out += behind_;
}

}  // namespace asyncllm::provider
