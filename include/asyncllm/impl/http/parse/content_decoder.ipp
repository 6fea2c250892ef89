#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/http/parse/content_decoder.hpp>

#include <algorithm>
#include <new>
#include <utility>

#if defined(ASYNCLLM_WITH_ZLIB)
#  include <zlib.h>
#endif

namespace asyncllm::inline v0_1::http {
namespace {

constexpr std::size_t start_size = 2, output_size = std::size_t{64} << 10;

bool is_gzip(std::string_view coding)
{
  return detail::equal_ignoring_case(coding, "gzip") ||
         detail::equal_ignoring_case(coding, "x-gzip");
}

bool begins_gzip(std::string_view start)
{
  return start.starts_with("\x1f\x8b");
}

// RFC 1950, 2.2: deflate in a window of at most 32 KiB, and a checksum over both bytes.
bool begins_zlib(std::string_view start)
{
  const auto first = static_cast<unsigned char>(start[0]);
  const auto second = static_cast<unsigned char>(start[1]);
  return (first & 0x0FU) == 8 && (first >> 4U) <= 7 && (first * 256U + second) % 31 == 0;
}

// Whether the body is text already: what JSON, an event stream or a page begins with.
bool begins_text(std::string_view start)
{
  const auto is_text = [](char c) {
    return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
  };
  return std::ranges::all_of(start, is_text) || start.starts_with("\xEF\xBB");  // byte order mark
}

}  // namespace

#if defined(ASYNCLLM_WITH_ZLIB)

struct ContentDecoder::Inflater {
  Inflater() = default;
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
};

void ContentDecoder::start_inflater(int window_bits)
{
  inflater_ = std::make_unique<Inflater>();
  output_.resize(output_size);
  if (inflateInit2(&inflater_->stream, window_bits) != Z_OK)
    throw std::bad_alloc();  // there is no other reason
  state_ = State::compressed;
}

std::span<const char> ContentDecoder::inflate(std::span<const char>& bytes)
{
  auto& stream = inflater_->stream;
  // zlib never writes through next_in; its type predates const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
  stream.next_out = reinterpret_cast<Bytef*>(output_.data());
  stream.avail_out = static_cast<uInt>(output_.size());
  const auto given = stream.avail_in;
  const int result = ::inflate(&stream, Z_NO_FLUSH);
  bytes = bytes.subspan(given - stream.avail_in);
  has_more_ = result == Z_OK && stream.avail_out == 0;
  if (result == Z_STREAM_END)
    state_ = State::between_members;
  else if (result != Z_OK && result != Z_BUF_ERROR)
    refuse("its body is not valid " + coding_ + (stream.msg ? std::string(": ") + stream.msg : ""));
  return {output_.data(), output_.size() - stream.avail_out};
}

#else

struct ContentDecoder::Inflater {};

void ContentDecoder::start_inflater(int)
{
  refuse("its body is compressed (Content-Encoding: " + coding_ + "), and this build has no zlib");
}

std::span<const char> ContentDecoder::inflate(std::span<const char>&)
{
  return {};
}

#endif

ContentDecoder::ContentDecoder(std::string_view coding) : coding_(detail::to_lower(coding)) {}
ContentDecoder::~ContentDecoder() = default;

bool ContentDecoder::is_identity(std::string_view coding) noexcept
{
  return coding.empty() || detail::equal_ignoring_case(coding, "identity");
}

bool ContentDecoder::is_complete() const noexcept
{
  return !refusal_ && state_ != State::compressed && start_.empty();
}

std::span<const char> ContentDecoder::next(std::span<const char>& bytes)
{
  while (!refusal_ && (!bytes.empty() || has_more_)) {
    if (state_ == State::plain)
      return std::exchange(bytes, {});
    const auto content = state_ == State::compressed ? inflate(bytes) : begin(bytes);
    if (!content.empty())
      return content;
  }
  return {};
}

std::span<const char> ContentDecoder::begin(std::span<const char>& bytes)
{
  const auto taken = std::min(bytes.size(), start_size - start_.size());
  start_.append(bytes.data(), taken);
  bytes = bytes.subspan(taken);
  if (start_.size() < start_size)
    return {};
  if (state_ == State::start)
    choose();
  else
    next_member();
  const auto text = std::exchange(start_, {});
  std::span<const char> start = text;
  if (state_ == State::compressed)
    return inflate(start);
  if (state_ != State::plain)
    return {};
  output_.assign(start.begin(), start.end());
  return output_;
}

// What the body is, by its first bytes: a server's header is not always true.
void ContentDecoder::choose()
{
  constexpr int gzip = 15 + 16, zlib = 15, raw = -15;  // as inflateInit2 numbers them
  const bool is_deflate = coding_ == "deflate";
  if (begins_gzip(start_))
    start_inflater(gzip);
  else if (is_deflate && begins_zlib(start_))
    start_inflater(zlib);
  else if (begins_text(start_))
    state_ = State::plain;
  else if (is_deflate)  // some servers leave out zlib's frame
    start_inflater(raw);
  else if (is_gzip(coding_))
    refuse("its body is not valid " + coding_);
  else
    refuse(
        "its body has a Content-Encoding that asyncllm neither asks for nor decodes: " +
        coding_.substr(0, 40));
}

// A gzip body may consist of several members (RFC 1952, 2.2); nothing else may follow one.
void ContentDecoder::next_member()
{
  if (begins_gzip(start_))
    start_inflater(15 + 16);
  else
    refuse("its body continues after the compressed content");
}

}  // namespace asyncllm::http
