#include <asyncllm/impl/core/base64.hpp>
#include <asyncllm/impl/provider/request/media.hpp>

namespace asyncllm::inline v0_1::provider {
namespace {

std::string data_url(const std::string& mime_type, std::string_view bytes)
{
  std::string url = "data:" + mime_type + ";base64,";
  detail::append_base64(url, bytes);
  return url;
}

}  // namespace

std::string url_of(const Image& image)
{
  return image.bytes.empty() ? image.url : data_url(image.mime_type, image.bytes);
}

std::string data_url_of(const Document& document)
{
  return data_url(document.mime_type, document.bytes);
}

std::string base64_of(std::string_view bytes)
{
  std::string text;
  detail::append_base64(text, bytes);
  return text;
}

std::string format_of(const Audio& audio)
{
  const std::string_view type = audio.mime_type;
  auto format = type.substr(type.find('/') + 1);
  if (format.starts_with("x-"))
    format.remove_prefix(2);
  return std::string(format == "mpeg" ? "mp3" : format);
}

}  // namespace asyncllm::provider
