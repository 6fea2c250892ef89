#include "http/response_parser.hpp"

#include <asyncllm/core/text.hpp>

#include <cstring>
#include <utility>

namespace asyncllm::http {

ResponseParser::ResponseParser()
{
  reset();
}

void ResponseParser::reset()
{
  llhttp_init(&parser_, HTTP_RESPONSE, &callbacks());
  parser_.data = this;
  state_ = State::head;
  head_ = {};
  field_.clear();
  value_.clear();
  head_bytes_ = 0;
  interim_responses_ = 0;
  body_size_ = 0;
}

std::size_t ResponseParser::feed(std::span<char> bytes)
{
  body_begin_ = bytes.data();
  body_size_ = 0;
  if (state_ == State::complete || state_ == State::failed)
    return 0;
  const auto result = llhttp_execute(&parser_, bytes.data(), bytes.size());
  if (result == HPE_OK)
    return bytes.size();
  if (state_ == State::complete)  // paused there, so that what follows is left alone
    return static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - bytes.data());
  if (state_ != State::failed)
    fail(
        result == HPE_PAUSED_UPGRADE ? "it switched to a protocol that nobody asked for"
                                     : llhttp_get_error_reason(&parser_));
  return bytes.size();
}

void ResponseParser::feed_end()
{
  body_size_ = 0;
  if (state_ == State::head || state_ == State::body)
    llhttp_finish(&parser_);  // calls on_message_complete where the close is the end
}

const llhttp_settings_t& ResponseParser::callbacks()
{
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_status = [](llhttp_t* p, const char* at, std::size_t n) {
      return self(p).add_to_head(self(p).head_.reason, at, n);
    };
    s.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
      return self(p).add_to_head(self(p).field_, at, n);
    };
    s.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
      return self(p).add_to_head(self(p).value_, at, n);
    };
    s.on_header_value_complete = [](llhttp_t* p) { return self(p).on_field_complete(); };
    s.on_headers_complete = [](llhttp_t* p) { return self(p).on_headers_complete(); };
    s.on_body = [](llhttp_t* p, const char* at, std::size_t n) {
      auto& me = self(p);
      std::memmove(me.body_begin_ + me.body_size_, at, n);
      me.body_size_ += n;
      return 0;
    };
    s.on_message_complete = [](llhttp_t* p) { return self(p).on_message_complete(); };
    return s;
  }();
  return settings;
}

int ResponseParser::add_to_head(std::string& part, const char* at, std::size_t size)
{
  head_bytes_ += size;
  if (head_bytes_ > max_head_bytes) {
    too_large_ = true;
    return fail("its header is longer than " + std::to_string(max_head_bytes) + " bytes");
  }
  part.append(at, size);
  return 0;
}

int ResponseParser::on_field_complete()
{
  if (!is_token(field_))  // llhttp 8 lets blanks through
    return fail("a header name has a character that does not belong there");
  if (state_ == State::head) {  // else it is a trailer, which nobody needs
    head_bytes_ += 32;  // what keeping a field costs, so that endless empty ones are bounded too
    head_.headers.emplace_back(std::move(field_), std::string(trim(value_)));
  }
  field_.clear();
  value_.clear();
  return 0;
}

int ResponseParser::on_headers_complete()
{
  head_.status = parser_.status_code;
  if (parser_.http_major != 1)
    return fail("it speaks HTTP/" + std::to_string(parser_.http_major));
  int transfer_encodings = 0;
  for (const auto& [name, value] : head_.headers)
    if (equal_ignoring_case(name, "Transfer-Encoding"))
      if (++transfer_encodings > 1 || !equal_ignoring_case(value, "chunked"))
        return fail("its Transfer-Encoding is not \"chunked\"");
  if (transfer_encodings > 0 && !(parser_.flags & F_CHUNKED))  // llhttp 8 misses "chunked<TAB>"
    return fail("its Transfer-Encoding is not \"chunked\"");
  if (head_.status >= 200)
    state_ = State::body;
  const bool never_has_body = head_.status == 204 || head_.status == 304;  // RFC 9110, 6.4.1
  return never_has_body ? 1 : 0;
}

int ResponseParser::on_message_complete()
{
  if (head_.status < 200) {
    if (++interim_responses_ > max_interim_responses)
      return fail(
          "it sent more than " + std::to_string(max_interim_responses) + " interim responses");
    head_ = {};
    return 0;
  }
  state_ = State::complete;
  keep_alive_ = llhttp_should_keep_alive(&parser_) != 0;
  return HPE_PAUSED;
}

int ResponseParser::fail(std::string why)
{
  failure_ = std::move(why);
  state_ = State::failed;
  return -1;
}

}  // namespace asyncllm::http
