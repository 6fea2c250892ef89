// Writes an answer in an API format. No socket, no clock.
#pragma once
#include <asyncllm/core/header_list.hpp>
#include <asyncllm/impl/testing/api_format.hpp>
#include <asyncllm/impl/testing/playback.hpp>
#include <asyncllm/impl/testing/request_reader.hpp>
#include <asyncllm/testing/answer.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::testing {

class Renderer {
 public:
  /// `number` of the request: makes the ids; `now`: the time of the answer, for its time stamps.
  Renderer(
      const Request& request,
      const ApiFormat& format,
      std::size_t number,
      std::chrono::system_clock::time_point now);

  /// A text is written as the answer to `call`.
  Playback render(const Answer& answer, const Call& call) const;

 private:
  Said say(const Answer& answer, const Call& call) const;
  Playback whole(
      const Answer& answer,
      int code,
      std::string_view type,
      const std::string& body,
      std::chrono::milliseconds delay) const;
  Playback stream(const Answer& answer, const Said& said) const;
  Framing framing(const Answer& answer, Framing otherwise) const;
  bool closes(const Answer& answer, Framing framing) const;
  std::string head(const Answer& answer, int code, HeaderList headers, bool close) const;

  const Request& request_;
  const ApiFormat& format_;
  std::size_t number_;
  std::chrono::system_clock::time_point now_;
};

/// The answer to bytes that are not a request.
Playback render(const Rejection& rejection);

}  // namespace asyncllm::testing
