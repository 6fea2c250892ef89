// What an observer learns about a call.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/parameters.hpp>
#include <asyncllm/model/reply.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1 {

/// A call, from its start. No member holds a key, a password or content, unless the observer wants
/// content.
struct CallInfo {
  using TimePoint = std::chrono::steady_clock::time_point;

  std::uint64_t id = 0;   ///< unique for the observer, from 1
  std::string operation;  ///< "chat", "text_completion", "embeddings" or "list_models"
  std::string provider;   ///< the client's, such as "ollama"
  std::string model;      ///< "" for a list of models
  std::string base_url;   ///< without user name and password
  bool streamed = false;
  Parameters parameters;  ///< of the request, without its tools, schema and `extra`
  TimePoint started;
  std::chrono::system_clock::time_point started_at;  ///< the same on the wall clock
  /// The messages, a bare prompt as one of them; null unless `Observer::wants_content`. Valid
  /// during `call_started`.
  const Messages* messages = nullptr;
};

/// One attempt of a call: when its phases ended. A phase that was not reached has no time; an idle
/// connection needs none for `connected` and `secured`.
struct AttemptInfo {
  using TimePoint = CallInfo::TimePoint;

  int number = 0;  ///< from 1; an attempt that was never sent has a number too
  TimePoint begun;
  std::optional<TimePoint> admitted;    ///< by `max_in_flight`
  std::optional<TimePoint> connected;   ///< the host was found, and the connection made
  std::optional<TimePoint> secured;     ///< the TLS handshake is complete
  std::optional<TimePoint> sent;        ///< all of the request
  std::optional<TimePoint> first_byte;  ///< of the answer
  TimePoint ended;
  bool reused = false;           ///< the connection was an idle one
  int status = 0;                ///< of the answer; 0 without one
  const Error* error = nullptr;  ///< why it failed; null for one that succeeded. Masked
  /// Before the next attempt; nothing if there is none.
  std::optional<std::chrono::milliseconds> wait;
};

/// How a call ended.
struct CallEnd {
  CallInfo::TimePoint ended;
  std::optional<CallInfo::TimePoint> first_token;  ///< of a streamed reply
  int attempts = 0;
  Usage usage;                                          ///< as far as the server reported it
  std::string response_model, response_id, request_id;  ///< "" if unknown
  std::string finish_reason;                            ///< "stop" and so on; "" for a failure
  const Error* error = nullptr;  ///< null for a success. Masked; kind `cancelled` for a call that
                                 ///< was given up
  /// The reply; null unless `Observer::wants_content`, and for a failure.
  const Reply* reply = nullptr;
};

/// A tool that ran in a run.
struct ToolInfo {
  std::string name, call_id;
  CallInfo::TimePoint started, ended;
  bool failed = false;
  /// JSON, and the text for the model; "" unless `Observer::wants_content`.
  std::string arguments, result;
};

}  // namespace asyncllm
