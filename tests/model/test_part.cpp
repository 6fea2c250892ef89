// Parts of messages from files.
#include <asyncllm/core/error.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/part.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>

using namespace asyncllm;
using support::fails_with;
using namespace std::string_literals;

namespace {

// A file that lasts as long as this.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, std::string_view bytes)
      : folder_(std::filesystem::temp_directory_path() / ("asyncllm-" + std::to_string(getpid()))),
        path_(folder_ / name)
  {
    std::filesystem::create_directories(folder_);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile()
  {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string path() const { return path_.string(); }
  std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_, path_;
};

}  // namespace

TEST_CASE("the MIME type is known by the first bytes", "[model]")
{
  CHECK(mime_type_of("\x89PNG\r\n\x1a\n rest") == "image/png");
  CHECK(mime_type_of("\xff\xd8\xff\xe0") == "image/jpeg");
  CHECK(mime_type_of("GIF89a") == "image/gif");
  CHECK(mime_type_of("RIFF\x01\x02\x03\x04WEBPVP8 ") == "image/webp");
  CHECK(mime_type_of("RIFF\x01\x02\x03\x04WAVEfmt ") == "audio/wav");
  CHECK(mime_type_of("ID3\x04") == "audio/mpeg");
  CHECK(mime_type_of("OggS\0"s) == "audio/ogg");
  CHECK(mime_type_of("fLaC\0"s) == "audio/flac");
  CHECK(mime_type_of("%PDF-1.7") == "application/pdf");
  CHECK(
      mime_type_of("# Title\n\tGr\xc3\xbc\xc3\x9f"
                   "e\r\n") == "text/plain");
  CHECK(mime_type_of("").empty());
  CHECK(mime_type_of("RIFF").empty() == false);  // so short, it is a text
  CHECK(mime_type_of("\x7f"
                     "ELF\x02")
            .empty());
  CHECK(mime_type_of("PK\x03\x04").empty());
}

TEST_CASE("a file becomes the part that its content is", "[model]")
{
  const TemporaryFile image("photo.txt", "\x89PNG\r\n\x1a\n rest");
  const auto message = Message::user("Look").with_file(image.path());
  REQUIRE(message.parts().size() == 1);
  CHECK(std::get<Image>(message.parts()[0]).mime_type == "image/png");

  const TemporaryFile text("notes.md", "Hello");
  const auto document = std::get<Document>(part_from_file(text.path()));
  CHECK(document.name == "notes.md");
  CHECK(document.mime_type == "text/plain");
  CHECK(document.bytes == "Hello");

  const TemporaryFile sound("voice", "ID3\x04");
  CHECK(std::get<Audio>(part_from_file(sound.path())).mime_type == "audio/mpeg");
}

TEST_CASE("a file that cannot be sent is an error that names it", "[model]")
{
  const auto kind = ErrorKind::invalid_argument;
  const TemporaryFile empty("empty.png", "");
  CHECK(fails_with(kind, "empty.png\" is empty", [&] { part_from_file(empty.path()); }));
  const TemporaryFile program(
      "a.out",
      "\x7f"
      "ELF\x02");
  CHECK(fails_with(kind, "a.out\" is of an unknown kind", [&] { part_from_file(program.path()); }));
  CHECK(fails_with(kind, "is no regular file", [] { part_from_file("/dev/zero"); }));
  CHECK(fails_with(kind, "is a folder", [&] { part_from_file(program.folder()); }));
  CHECK(fails_with(
      kind, "missing\" cannot be read", [&] { part_from_file(program.folder() + "/missing"); }));
}
