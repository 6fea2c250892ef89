// Compressed bodies, in builds that have zlib.
#pragma once

#if defined(ASYNCLLM_WITH_ZLIB)

#  include <stdexcept>
#  include <string>
#  include <zlib.h>

namespace support {

/// `content` as one gzip member.
inline std::string compressed(std::string content)
{
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib cannot compress");
  std::string body(deflateBound(&stream, static_cast<uLong>(content.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(content.data());
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(body.data());
  stream.avail_out = static_cast<uInt>(body.size());
  const int result = deflate(&stream, Z_FINISH);
  body.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END)
    throw std::runtime_error("zlib cannot compress");
  return body;
}

}  // namespace support

#endif
