#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/http/parse/response_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::http {

namespace {

constexpr std::size_t expected_fields = 16, expected_bytes = 1024;

}  // namespace

ResponseParser::ResponseParser(const Limits& limits)
    : limits_(limits), scanner_(limits_), chunks_(limits_)
{
  begin_head();
}

void ResponseParser::reset()
{
  scanner_.reset();
  chunks_.reset();
  interim_responses_ = 0;
  refusal_ = {};
  body_ = {};
  begin_head();
}

void ResponseParser::begin_head()
{
  llhttp_init(&parser_, HTTP_RESPONSE, &callbacks());
  llhttp_set_lenient_chunked_length(&parser_, 1);  // choose_framing decides
  parser_.data = this;
  state_ = State::head;
  has_head_ = false;
  head_ = {};
  content_encoding_ = {};
  field_.clear();
  value_.clear();
  place_ = Place::line_start;
}

std::size_t ResponseParser::feed(std::span<char> bytes)
{
  body_ = {};
  auto rest = bytes;
  while (!rest.empty() && (state_ == State::head || state_ == State::body))
    rest = rest.subspan(state_ == State::head ? read_head(rest) : read_body(rest));
  return state_ == State::failed ? bytes.size() : bytes.size() - rest.size();
}

void ResponseParser::feed_end() noexcept
{
  body_ = {};
  if (state_ == State::body && framing_ == Framing::close)
    state_ = State::complete;
}

std::size_t ResponseParser::read_head(std::span<char> bytes)
{
  const auto size = scanner_.feed({bytes.data(), bytes.size()});
  if (scanner_.refusal()) {
    refuse(*scanner_.refusal());
    return size;
  }
  if (std::memchr(bytes.data(), '\t', size) != nullptr)
    replace_tabs(bytes.first(size));
  place_ = place_after({bytes.data(), size});
  if (head_.headers.empty())
    head_.headers.reserve(expected_fields, std::min(bytes.size(), expected_bytes));
  const auto result = llhttp_execute(&parser_, bytes.data(), size);
  field_.keep();  // `bytes` are only valid during the call
  value_.keep();
  if (state_ == State::failed)
    return size;
  const bool complete =
      result == HPE_PAUSED && llhttp_get_error_pos(&parser_) == bytes.data() + size;
  if (complete && scanner_.complete())
    on_head();
  else if (result != HPE_OK || scanner_.complete())
    refuse({llhttp_get_error_reason(&parser_)});
  return size;
}

ResponseParser::Place ResponseParser::place_after(std::string_view head) const
{
  const auto line = head.rfind('\n') + 1;  // 0 when there is none
  if (line == head.size())
    return line > 0 ? Place::line_start : place_;
  if (line == 0 && place_ == Place::value)
    return Place::value;
  return head.find(':', line) == head.npos ? Place::name : Place::value;
}

// A tab next to a length is whitespace (RFC 9110, 5.6.3), but llhttp refuses it.
void ResponseParser::replace_tabs(std::span<char> head)
{
  constexpr std::string_view content_length = "Content-Length";
  // What came before `head`. A longer name is another one.
  std::string name;
  if (place_ != Place::line_start)
    name = field_.text().substr(0, content_length.size() + 1);
  bool is_name = place_ != Place::value;
  while (!head.empty()) {
    const std::string_view text(head.data(), head.size());
    const auto line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    if (is_name)
      name += line.substr(0, line.find(':'));
    if (detail::equal_ignoring_case(name, content_length))
      std::replace(
          head.begin(), head.begin() + static_cast<std::ptrdiff_t>(line.size()), '\t', ' ');
    name.clear();
    is_name = true;
    head = head.subspan(line.size());
  }
}

const llhttp_settings_t& ResponseParser::callbacks()
{
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_status = [](llhttp_t* p, const char* at, std::size_t n) {
      self(p).head_.reason.append(at, n);
      return 0;
    };
    s.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
      self(p).field_.append({at, n}, self(p).limits_.header_bytes());
      return 0;
    };
    s.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
      self(p).value_.append({at, n}, self(p).limits_.header_bytes());
      return 0;
    };
    s.on_header_value_complete = [](llhttp_t* p) { return self(p).on_field_complete(); };
    s.on_headers_complete = [](llhttp_t*) { return 1; };  // llhttp must not read the body
    s.on_message_complete = [](llhttp_t*) -> int { return HPE_PAUSED; };
    return s;
  }();
  return settings;
}

int ResponseParser::on_field_complete()
{
  if (!detail::is_token(field_.text()))  // llhttp 8 lets blanks through
    return refuse({"a header name has an invalid character"});
  head_.headers.emplace_back(field_.text(), detail::trim(value_.text()));
  field_.clear();
  value_.clear();
  return 0;
}

void ResponseParser::on_head()
{
  head_.status = parser_.status_code;
  if (head_.status == 101) {
    refuse({"it switched to another protocol without being asked"});
  } else if (head_.status < 200) {
    if (++interim_responses_ > limits_.interim_responses()) {
      refuse(over_limit(
          "it has more interim responses", limits_.interim_responses(), "interim_responses"));
      return;
    }
    scanner_.next_head();
    begin_head();
  } else {
    state_ = State::body;
    choose_framing();
  }
}

void ResponseParser::choose_framing()
{
  std::size_t codings = 0;
  for (const auto& [name, value] : head_.headers) {
    if (detail::equal_ignoring_case(name, "Content-Encoding"))
      content_encoding_ = value;
    if (detail::equal_ignoring_case(name, "Transfer-Encoding"))
      // No other coding was requested.
      if (++codings > 1 || !detail::equal_ignoring_case(value, "chunked")) {
        refuse({"its Transfer-Encoding is not \"chunked\""});
        return;
      }
  }
  const bool has_length = (parser_.flags & F_CONTENT_LENGTH) != 0;
  left_ = parser_.content_length;
  if (head_.status == 204 || head_.status == 304)
    framing_ = Framing::none;
  else
    framing_ = codings > 0 ? Framing::chunks : has_length ? Framing::length : Framing::close;
  // Chunks are not HTTP/1.0: a proxy on the way may not have understood them (RFC 9112, 6.1). They
  // override a Content-Length, but the connection must not be reused (RFC 9112, 6.3, rule 3).
  const bool faulty = codings > 0 && (has_length || parser_.http_minor == 0);
  keep_alive_ = framing_ != Framing::close && !faulty && llhttp_should_keep_alive(&parser_) != 0;
  has_head_ = true;
  if (framing_ == Framing::none || (framing_ == Framing::length && left_ == 0))
    state_ = State::complete;
}

std::size_t ResponseParser::read_body(std::span<char> bytes)
{
  if (framing_ == Framing::chunks) {
    auto rest = bytes;
    for (auto data = chunks_.next(rest); !data.empty(); data = chunks_.next(rest))
      add_to_body(data);
    if (chunks_.refusal())
      refuse(*chunks_.refusal());
    else if (chunks_.complete())
      state_ = State::complete;
    return bytes.size() - rest.size();
  }
  const bool to_the_end = framing_ == Framing::close || left_ >= bytes.size();
  const auto size = to_the_end ? bytes.size() : static_cast<std::size_t>(left_);
  add_to_body(bytes.first(size));
  if (framing_ == Framing::length && (left_ -= size) == 0)
    state_ = State::complete;
  return size;
}

void ResponseParser::add_to_body(std::span<char> data)
{
  if (body_.empty()) {
    body_ = data;
    return;
  }
  char* const end = body_.data() + body_.size();
  std::memmove(end, data.data(), data.size());
  body_ = {body_.data(), body_.size() + data.size()};
}

int ResponseParser::refuse(Refusal refusal)
{
  refusal_ = std::move(refusal);
  state_ = State::failed;
  return -1;
}

}  // namespace asyncllm::http
