// Documents and recordings as each wire sends them.
#include <asyncllm/impl/provider/wires.hpp>
#include <asyncllm/options/request_options.hpp>

#include "error_of.hpp"
#include "test.hpp"

#include <nlohmann/json.hpp>

#include <string>

using namespace asyncllm;
using support::fails_with;
using MediaJson = nlohmann::json;

namespace {

MediaJson content(const std::string& host, const Message& message)
{
  const auto& preset = *provider::find_preset(host);
  const ChatRequest request{"m", Messages().add(message), {}};
  std::string out;
  provider::wire_of(preset).encode(request, preset, provider::Delivery::whole, out);
  const auto body = MediaJson::parse(out);
  return body[body.contains("input") ? "input" : "messages"][0]["content"];
}

const auto with_media = Message::user("Look")
                            .with_document("%PDF-", "application/pdf", "report.pdf")
                            .with_audio("RIFF", "audio/x-wav");

}  // namespace

TEST_CASE("chat completions: a document is a file, a recording input_audio", "[provider]")
{
  CHECK(content("openai", with_media) == MediaJson::parse(R"([
    {"type":"text","text":"Look"},
    {"type":"file","file":{"filename":"report.pdf",
      "file_data":"data:application/pdf;base64,JVBERi0="}},
    {"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}])"));
  CHECK(
      content(
          "openai", Message::user("").with_audio("x", "audio/mpeg"))[0]["input_audio"]["format"] ==
      "mp3");
  CHECK(fails_with(ErrorKind::unsupported, "by with_document", [] {
    content("openai", Message::user("").with_document_url("https://h/x.pdf"));
  }));
}

TEST_CASE("Responses: a document is an input_file", "[provider]")
{
  auto message = with_media;
  message.with_document_url("https://h/x.pdf");
  CHECK(content("openai-responses", message) == MediaJson::parse(R"([
    {"type":"input_text","text":"Look"},
    {"type":"input_file","filename":"report.pdf",
      "file_data":"data:application/pdf;base64,JVBERi0="},
    {"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}},
    {"type":"input_file","file_url":"https://h/x.pdf"}])"));
}

TEST_CASE("Anthropic: a document is bytes, a text or a URL; recordings are refused", "[provider]")
{
  const auto message = Message::user("Look")
                           .with_document("%PDF-", "application/pdf", "report.pdf")
                           .with_document("Dear Ann", "text/markdown", "letter.md")
                           .with_document_url("https://h/x.pdf");
  CHECK(content("anthropic", message) == MediaJson::parse(R"([
    {"type":"text","text":"Look"},
    {"type":"document","title":"report.pdf",
      "source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}},
    {"type":"document","title":"letter.md",
      "source":{"type":"text","media_type":"text/plain","data":"Dear Ann"}},
    {"type":"document","source":{"type":"url","url":"https://h/x.pdf"}}])"));
  CHECK(fails_with(
      ErrorKind::unsupported, "no recordings", [] { content("anthropic", with_media); }));
}

TEST_CASE("Ollama takes neither documents nor recordings", "[provider]")
{
  CHECK(fails_with(ErrorKind::unsupported, "with_text", [] { content("ollama", with_media); }));
  CHECK(fails_with(ErrorKind::unsupported, "no recordings", [] {
    content("ollama", Message::user("").with_audio("x", "audio/wav"));
  }));
}
