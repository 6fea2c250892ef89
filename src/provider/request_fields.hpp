// What the wires share in writing requests.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/model/chat_request.hpp>

#include "json/writer.hpp"

#include <string>
#include <string_view>

namespace asyncllm::provider {

/// `text`, or `Error{invalid_argument}` naming `what` when it is not UTF-8.
inline const std::string& checked(const std::string& text, std::string_view what)
{
  if (!json::is_utf8(text))
    throw Error(ErrorKind::invalid_argument, std::string(what) + " is not UTF-8 text");
  return text;
}

/// Merges the JSON object `extra` into the JSON object that `body` holds from `begin` on: objects
/// member by member, everything else replaced.
void merge_extra(std::string& body, std::size_t begin, const std::string& extra);

}  // namespace asyncllm::provider
