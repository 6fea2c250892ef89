#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/http/exchange/readdressed.hpp>

namespace asyncllm::inline v0_1::http {
namespace {

constexpr std::string_view line_end = "\r\n";

std::string_view cut_line(std::string_view& text)
{
  const auto line = text.substr(0, text.find(line_end));
  text.remove_prefix(line.size() + line_end.size());
  return line;
}

// Fields that are written for each server.
bool is_of_the_way(std::string_view name)
{
  return detail::equal_ignoring_case(name, "Host") ||
         detail::equal_ignoring_case(name, "Content-Length") ||
         detail::equal_ignoring_case(name, "Proxy-Authorization");
}

}  // namespace

std::string readdressed(
    std::string_view message, const RedirectChain& chain, const Transport& transport)
{
  auto rest = message;
  const auto first = cut_line(rest);
  HeaderList fields;
  for (auto line = cut_line(rest); !line.empty(); line = cut_line(rest)) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    if (!is_of_the_way(name))
      fields.emplace_back(name, detail::trim(line.substr(colon + 1)));
  }
  fields = chain.allowed(std::move(fields));
  fields.append(transport.headers());
  const auto method = first.substr(0, first.find(' '));
  if (method == "POST")
    fields.emplace_back("Content-Length", std::to_string(rest.size()));

  const auto& url = chain.here();
  auto result = std::string(method) + ' ' + transport.target_prefix() + url.target("") +
                " HTTP/1.1\r\nHost: " + url.host_header() + "\r\n";
  for (const auto& [name, value] : fields)
    result.append(name).append(": ").append(value).append(line_end);
  return result.append(line_end).append(rest);
}

}  // namespace asyncllm::http
