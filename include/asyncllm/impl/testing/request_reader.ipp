#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/testing/request_reader.hpp>

#include <algorithm>
#include <utility>

namespace asyncllm::inline v0_1::testing {
namespace {

constexpr int go_on = 0;
constexpr int stop_with_error = HPE_USER;

RequestReader& reader_of(llhttp_t* parser)
{
  return *static_cast<RequestReader*>(parser->data);
}

std::size_t size_of(const Request& request)
{
  std::size_t size = request.head.target.size() + request.body.size();
  for (const auto& [name, value] : request.head.headers)
    size += name.size() + value.size();
  return size;
}

}  // namespace

RequestReader::RequestReader(std::size_t max_head, std::size_t max_body)
    : max_head_(max_head), max_body_(max_body)
{
  llhttp_init(&parser_, HTTP_REQUEST, &settings());
  parser_.data = this;
}

const llhttp_settings_t& RequestReader::settings()
{
  static const llhttp_settings_t callbacks = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_message_begin = [](llhttp_t* p) { return reader_of(p).on_begin(); };
    s.on_url = [](llhttp_t* p, const char* at, std::size_t size) {
      return reader_of(p).on_target(std::string_view(at, size));
    };
    s.on_header_field = [](llhttp_t* p, const char* at, std::size_t size) {
      return reader_of(p).on_header_name(std::string_view(at, size));
    };
    s.on_header_value = [](llhttp_t* p, const char* at, std::size_t size) {
      return reader_of(p).on_header_value(std::string_view(at, size));
    };
    s.on_header_value_complete = [](llhttp_t* p) { return reader_of(p).on_header_end(); };
    s.on_headers_complete = [](llhttp_t* p) { return reader_of(p).on_head_end(); };
    s.on_body = [](llhttp_t* p, const char* at, std::size_t size) {
      return reader_of(p).on_body(std::string_view(at, size));
    };
    s.on_message_complete = [](llhttp_t* p) { return reader_of(p).on_end(); };
    return s;
  }();
  return callbacks;
}

void RequestReader::feed(std::string_view bytes)
{
  if (finished_ || rejection_)
    return;
  const llhttp_errno_t result = llhttp_execute(&parser_, bytes.data(), bytes.size());
  if (result != HPE_OK && !finished_ && !rejection_) {
    const char* reason = llhttp_get_error_reason(&parser_);
    reject(400, reason != nullptr ? reason : llhttp_errno_name(result));
  }
}

std::optional<Request> RequestReader::next()
{
  if (ready_.empty())
    return std::nullopt;
  Request request = std::move(ready_.front());
  ready_.pop_front();
  queued_bytes_ -= size_of(request);
  return request;
}

int RequestReader::on_begin()
{
  current_ = Request();
  head_bytes_ = 0;
  name_.clear();
  value_.clear();
  in_body_ = false;
  return go_on;
}

int RequestReader::on_target(std::string_view piece)
{
  current_.head.target += piece;
  return count_head(piece.size());
}

int RequestReader::on_header_name(std::string_view piece)
{
  name_ += piece;
  return count_head(piece.size());
}

int RequestReader::on_header_value(std::string_view piece)
{
  value_ += piece;
  return count_head(piece.size());
}

int RequestReader::on_header_end()
{
  if (!in_body_)
    current_.head.headers.emplace_back(name_, value_);
  name_.clear();
  value_.clear();
  return go_on;
}

int RequestReader::on_head_end()
{
  in_body_ = true;
  const auto method = static_cast<llhttp_method_t>(llhttp_get_method(&parser_));
  current_.head.method = llhttp_method_name(method);
  if (llhttp_get_http_major(&parser_) != 1)
    return reject(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  current_.chunked_ok = llhttp_get_http_minor(&parser_) >= 1;
  const auto is_host = [](const auto& header) {
    return detail::equal_ignoring_case(header.first, "host");
  };
  const auto hosts = std::ranges::count_if(current_.head.headers, is_host);
  if (hosts > 1 || (hosts == 0 && current_.chunked_ok))
    return reject(400, hosts == 0 ? "missing required Host header" : "too many Host headers");
  if ((parser_.flags & F_CONTENT_LENGTH) != 0 && parser_.content_length > max_body_)
    return reject(413, "the body is longer than " + std::to_string(max_body_) + " bytes");
  wants_continue_ = current_.chunked_ok &&
                    detail::equal_ignoring_case(current_.head.header("expect"), "100-continue");
  parser_.upgrade = 0;  // an offer of another protocol is declined by answering in this one
  return go_on;
}

int RequestReader::on_body(std::string_view piece)
{
  wants_continue_ = false;
  if (piece.size() > max_body_ - current_.body.size())
    return reject(413, "the body is longer than " + std::to_string(max_body_) + " bytes");
  current_.body += piece;
  return go_on;
}

int RequestReader::on_end()
{
  wants_continue_ = false;
  current_.keep_alive = current_.chunked_ok && llhttp_should_keep_alive(&parser_) != 0;
  finished_ = !current_.keep_alive;
  queued_bytes_ += size_of(current_);
  ready_.push_back(std::move(current_));
  return finished_ ? HPE_PAUSED : go_on;
}

int RequestReader::count_head(std::size_t bytes)
{
  head_bytes_ += bytes;
  return head_bytes_ > max_head_ ? reject(431, "the head of the request is too long") : go_on;
}

int RequestReader::reject(int code, std::string reason)
{
  wants_continue_ = false;
  rejection_ = Rejection{code, std::move(reason)};
  return stop_with_error;
}

}  // namespace asyncllm::testing
