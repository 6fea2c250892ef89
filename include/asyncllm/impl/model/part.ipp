#include <asyncllm/core/error.hpp>
#include <asyncllm/model/part.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

namespace asyncllm::inline v0_1 {
namespace {

struct MediaSignature {
  std::string_view begin;
  std::string_view at_8;  // what stands at the ninth byte
  std::string_view mime_type;
};

constexpr MediaSignature media_signatures[] = {
    {"\x89PNG\r\n\x1a\n", "", "image/png"},
    {"\xff\xd8\xff", "", "image/jpeg"},
    {"GIF87a", "", "image/gif"},
    {"GIF89a", "", "image/gif"},
    {"RIFF", "WEBP", "image/webp"},
    {"%PDF-", "", "application/pdf"},
    {"RIFF", "WAVE", "audio/wav"},
    {"ID3", "", "audio/mpeg"},
    {"\xff\xfb", "", "audio/mpeg"},
    {"\xff\xf3", "", "audio/mpeg"},
    {"\xff\xf2", "", "audio/mpeg"},
    {"OggS", "", "audio/ogg"},
    {"fLaC", "", "audio/flac"},
};

bool is_plain_text(std::string_view bytes)
{
  const auto is_control = [](unsigned char c) {
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || c == 0x7f;
  };
  return !bytes.empty() && std::ranges::none_of(bytes, is_control);
}

[[noreturn]] void fail_file(const std::string& path, const std::string& what)
{
  throw Error(ErrorKind::invalid_argument, "the file \"" + path + "\" " + what);
}

std::string read_file(const std::string& path)
{
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (std::filesystem::is_directory(status))
    fail_file(path, "is a folder");
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    fail_file(path, "is no regular file");  // it may have no end
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad())
    fail_file(path, "cannot be read");
  return bytes;
}

}  // namespace

std::string mime_type_of(const std::string& bytes)
{
  const std::string_view all = bytes;
  for (const auto& known : media_signatures)
    if (all.starts_with(known.begin) &&
        (known.at_8.empty() ||
         all.substr(std::min<std::size_t>(8, all.size())).starts_with(known.at_8)))
      return std::string(known.mime_type);
  return is_plain_text(all) ? "text/plain" : "";
}

Part part_from_file(const std::string& path)
{
  auto bytes = read_file(path);
  if (bytes.empty())
    fail_file(path, "is empty");
  auto type = mime_type_of(bytes);
  if (type.empty())
    fail_file(path, "is of an unknown kind; give its bytes and its MIME type to the message");
  if (type.starts_with("image/"))
    return Image{std::move(bytes), std::move(type), {}};
  if (type.starts_with("audio/"))
    return Audio{std::move(bytes), std::move(type)};
  auto name = std::filesystem::path(path).filename().string();
  return Document{std::move(bytes), std::move(type), std::move(name), {}};
}

}  // namespace asyncllm
