// Bodies of errors, times to wait, and the texts that become of them.
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/errors/error_words.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>

#include "fuzz.hpp"

namespace {

void check(const asyncllm::Error& error)
{
  const std::string_view what = error.what();
  fuzz::require(what.size() < 32 * 1024, "the text of an error is bounded");
  for (const char c : what)
    fuzz::require(static_cast<unsigned char>(c) >= ' ' && c != '\x7f', "it is one printable line");
  if (const auto wait = error.retry_after())
    fuzz::require(wait->count() >= 0, "no time to wait is negative");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  auto text = fuzz::text_of(data, size);
  asyncllm::ResponseHead head;
  head.status = 200 + static_cast<int>(fuzz::take_choice(text)) * 2;
  head.reason = fuzz::take_line(text);
  head.headers.emplace_back("retry-after", fuzz::take_line(text));
  head.headers.emplace_back("retry-after-ms", fuzz::take_line(text));
  check(asyncllm::provider::error_from_answer(head, text));
  check(asyncllm::provider::hidden_error(text));
  if (const auto remark = asyncllm::provider::remark_in(text))
    check(remark->error);
  const asyncllm::Error unreadable(asyncllm::ErrorKind::bad_response, "x");
  check(asyncllm::provider::error_behind(unreadable, text));

  auto masked = asyncllm::provider::error_from_answer(head, text);
  const std::string secret = head.reason.substr(0, 40);
  masked.mask(secret);
  if (secret.size() >= 12)
    fuzz::require(
        std::string_view(masked.server_message()).find(secret) == std::string_view::npos,
        "a secret is masked");
  return 0;
}
