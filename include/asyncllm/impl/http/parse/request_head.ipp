#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/http/parse/request_head.hpp>

#include <algorithm>
#include <utility>

namespace asyncllm::inline v0_1::http {

void check_header(std::string_view name, std::string_view value)
{
  if (!detail::is_token(name))
    throw Error(
        ErrorKind::invalid_argument,
        "a header name must consist of letters, digits and !#$%&'*+-.^_`|~ only");
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  };
  if (std::ranges::any_of(value, is_control))
    throw Error(
        ErrorKind::invalid_argument,
        "the value of the header " + std::string(name) + " holds a control character or line end");
  for (const auto ours : {"Host", "Content-Length", "Transfer-Encoding", "Connection"})
    if (detail::equal_ignoring_case(name, ours))
      throw Error(
          ErrorKind::invalid_argument,
          "the header " + std::string(name) + " is set by the library and cannot be set here");
}

RequestHead::RequestHead(
    const std::string& method,
    const Url& url,
    const HeaderList& headers,
    const std::string& target_prefix)
    : start_(method + ' ' + target_prefix + url.path),
      fixed_(
          url.query + " HTTP/1.1\r\nHost: " + url.host_header() + "\r\nUser-Agent: asyncllm\r\n"),
      last_(method == "POST" ? length_field : "\r\n")
{
  if (method == "POST")
    fixed_ += "Content-Type: application/json\r\n";
  for (const auto& [name, value] : headers)
    add(fixed_, name, value);
}

std::size_t RequestHead::end(std::string& message, const HeaderList& more) const
{
  message += fixed_;
  if (!more.empty())
    replace_fields(message, more);
  message += last_;
  return message.size();
}

void RequestHead::finish(std::string& message, std::size_t body_at)
{
  const auto digits = std::to_string(message.size() - body_at);
  message.replace(body_at - 4 - digits.size(), digits.size(), digits);
}

void RequestHead::insert(std::string& message, std::size_t body_at, const HeaderList& fields)
{
  std::string lines;
  for (const auto& [name, value] : fields)
    add(lines, name, value);
  message.insert(body_at - 2, lines);
}

void RequestHead::replace_fields(std::string& message, const HeaderList& more)
{
  const std::string old = std::exchange(message, "");
  for (std::size_t begin = 0, end = 0; begin < old.size(); begin = end + 2) {
    end = old.find("\r\n", begin);
    const auto line = std::string_view(old).substr(begin, end - begin);
    if (begin == 0 || !more.contains(line.substr(0, line.find(':'))))
      message.append(line).append("\r\n");
  }
  for (const auto& [name, value] : more)
    add(message, name, value);
}

void RequestHead::add(std::string& out, std::string_view name, std::string_view value)
{
  check_header(name, value);
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace asyncllm::http
