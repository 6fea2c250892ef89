// Replays a case of the field: what a server was reported to send, and what a right client does.
//
// A case is a JSON object: `responses` holds a list of steps for each request: {"bytes": latin-1
// text}, {"b64": ...}, {"sleep_ms": n}, {"reset": true}, {"keep": true} (else the server closes the
// connection behind it). `provider`, `kind` (chat, stream, embed, models), `path`, `env` and
// `options` say how the client is used.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace field {

using Json = nlohmann::json;

/// What the public API handed out: `reply` or `error`, `deltas`, `models`, `raw_requests`.
Json replay(const Json& field_case);

/// What is not as `expected`, a subset of what must be seen; nothing when all is. Times are not
/// compared: the machine may be busy.
std::vector<std::string> differences(const Json& expected, const Json& seen);

}  // namespace field
