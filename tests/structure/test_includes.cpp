// Who may include whom: the arrows between the rooms, read from the #include lines themselves.
#include "test.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

// Every room with those that it may include besides itself.
const std::map<std::string, std::set<std::string>> arrows = {
    {"core", {}},
    {"model", {"core"}},
    {"json", {"core"}},
    {"stream", {"core"}},
    {"concurrency", {"core"}},
    {"http", {"core", "concurrency"}},
    {"provider", {"model", "json", "core"}},
    {"client", {"provider", "json", "stream", "http", "concurrency", "model", "core"}},
    {"agent", {"client", "concurrency", "model", "core"}},
    {"testing", {"http", "provider", "model", "json", "concurrency", "core"}},
};

// Single headers that a room may include although it may not enter theirs.
const std::set<std::pair<std::string, std::string>> exceptions = {
    {"agent", "http/timeouts.hpp"},
};

const std::set<std::string> rooms_without_asio = {"model", "json", "stream", "provider"};

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes)
{
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
    return text.starts_with(prefix);
  });
}

bool is_heavy(std::string_view header)
{
  return starts_with_any(header, {"simdjson", "llhttp", "openssl/", "asio/ssl"}) ||
         (header.starts_with("nlohmann/") && header != "nlohmann/json_fwd.hpp");
}

// What a line includes: `target` without its quotes or brackets.
struct Include {
  std::string target;
  bool quoted = false;
};

std::optional<Include> parse_include(std::string_view line)
{
  auto skip_blanks = [&] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  skip_blanks();
  if (!line.starts_with('#'))
    return std::nullopt;
  line.remove_prefix(1);
  skip_blanks();
  if (!line.starts_with("include"))
    return std::nullopt;
  line.remove_prefix(std::string_view("include").size());
  skip_blanks();
  if (line.empty() || (line.front() != '"' && line.front() != '<'))
    return Include{std::string(line), true};  // a macro: no room's name, so it is refused
  const bool quoted = line.front() == '"';
  line.remove_prefix(1);
  return Include{std::string(line.substr(0, line.find(quoted ? '"' : '>'))), quoted};
}

// Why the file may not contain the line; nothing if it may. `file` is the path from the project's
// root: include/asyncllm/<room>/x.hpp, src/<room>/x.cpp.
std::optional<std::string> objection(std::string_view file, std::string_view line)
{
  const auto include = parse_include(line);
  if (!include)
    return std::nullopt;

  const bool is_public = file.starts_with("include/asyncllm/");
  std::string_view place = file;
  place.remove_prefix(std::string_view(is_public ? "include/asyncllm/" : "src/").size());
  const auto slash = place.find('/');
  const std::string room(place.substr(0, slash == std::string_view::npos ? 0 : slash));
  if (room.empty() && place != "asyncllm.hpp")
    return "stands in no room";
  if (!room.empty() && !arrows.contains(room))
    return "stands in a room that no arrow knows";

  std::string_view target = include->target;
  const bool ours = target.starts_with("asyncllm/");
  if (!ours && !include->quoted) {
    if (is_public && is_heavy(target))
      return "is too heavy for a public header";
    if (rooms_without_asio.contains(room) && (target == "asio.hpp" || target.starts_with("asio/")))
      return "brings Asio into a room that does no I/O";
    return std::nullopt;
  }
  if (ours == include->quoted)
    return "is spelled neither <asyncllm/room/x.hpp> nor \"room/x.hpp\"";
  if (is_public && include->quoted)
    return "is a private header in a public one";
  if (ours)
    target.remove_prefix(std::string_view("asyncllm/").size());
  const std::string other(target.substr(0, target.find('/')));
  if (!arrows.contains(other))
    return "names no room";
  if (room.empty() || room == other || arrows.at(room).contains(other) ||
      exceptions.contains({room, std::string(target)}))
    return std::nullopt;
  return "is a forbidden arrow: " + room + " -> " + other;
}

bool permitted(std::string_view file, std::string_view line)
{
  return !objection(file, line).has_value();
}

}  // namespace

TEST_CASE("every include of the library is a permitted arrow")
{
  const fs::path root = ASYNCLLM_SOURCE_DIR;
  std::vector<std::string> objections;
  int read = 0;
  for (const char* folder : {"include", "src"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file())
        continue;
      const std::string file = fs::relative(entry.path(), root).generic_string();
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        if (parse_include(line))
          ++read;
        if (const auto why = objection(file, line))
          objections.push_back(file + ": " + line + " -- " + *why);
      }
    }
  }
  CHECK(objections == std::vector<std::string>{});
  CHECK(read > 100);  // else the folders were not read at all
}

TEST_CASE("the rooms' arrows form no circle")
{
  for (const auto& [room, others] : arrows) {
    std::set<std::string> reached = others;
    for (bool grown = true; grown;) {
      const std::size_t before = reached.size();
      for (const std::string& other : std::set<std::string>(reached))
        reached.insert(arrows.at(other).begin(), arrows.at(other).end());
      grown = reached.size() > before;
    }
    INFO(room);
    CHECK(!reached.contains(room));
  }
}

TEST_CASE("a forbidden arrow is seen, however it is written")
{
  const char* file = "src/provider/ollama.cpp";
  CHECK(permitted(file, "#include <asyncllm/provider/wire.hpp>"));
  CHECK(permitted(file, "#include <asyncllm/model/message.hpp>"));
  CHECK(permitted(file, "#include \"json/reader.hpp\""));
  CHECK(permitted(file, "#include <nlohmann/json.hpp>"));
  CHECK(permitted(file, "int include = 1;  // #include <asyncllm/http/url.hpp>"));
  CHECK(!permitted(file, "#include <asyncllm/http/url.hpp>"));
  CHECK(!permitted(file, "  #  include <asyncllm/http/url.hpp>  // just this once"));
  CHECK(!permitted(file, "#include \"http/pool.hpp\""));
  CHECK(!permitted(file, "#include \"ollama.hpp\""));
  CHECK(!permitted(file, "#include \"../http/pool.hpp\""));
  CHECK(!permitted(file, "#include \"asyncllm/model/message.hpp\""));
  CHECK(!permitted(file, "#include <asyncllm/asyncllm.hpp>"));
  CHECK(!permitted(file, "#include <asyncllm/extras/x.hpp>"));
  CHECK(!permitted(file, "#include HEADER"));
  CHECK(!permitted("src/core/error.cpp", "#include <asyncllm/model/message.hpp>"));
  CHECK(!permitted("src/extras/x.cpp", "#include <vector>"));
  CHECK(!permitted("src/x.cpp", "#include <vector>"));
}

TEST_CASE("no public header brings in a heavy or a private one")
{
  const char* file = "include/asyncllm/client/client.hpp";
  CHECK(permitted(file, "#include <nlohmann/json_fwd.hpp>"));
  CHECK(permitted(file, "#include <asio/awaitable.hpp>"));
  for (const char* line :
       {"#include <nlohmann/json.hpp>",
        "#include <simdjson.h>",
        "#include <llhttp.h>",
        "#include <openssl/ssl.h>",
        "#include <asio/ssl.hpp>",
        "#include <asio/ssl/context.hpp>",
        "#include \"http/pool.hpp\"",
        "#include \"client/state.hpp\""}) {
    INFO(line);
    CHECK(!permitted(file, line));
  }
}

TEST_CASE("Asio stays out of the rooms that do no I/O")
{
  for (const char* room : {"model", "stream", "json", "provider"}) {
    INFO(room);
    CHECK(!permitted(
        "include/asyncllm/" + std::string(room) + "/x.hpp", "#include <asio/buffer.hpp>"));
    CHECK(!permitted("src/" + std::string(room) + "/x.cpp", "#include <asio.hpp>"));
  }
  CHECK(permitted("src/http/pool.cpp", "#include <asio/ip/tcp.hpp>"));
}

TEST_CASE("the agent sees of the transport its settings alone, the umbrella sees all")
{
  CHECK(permitted("include/asyncllm/agent/options.hpp", "#include <asyncllm/http/timeouts.hpp>"));
  CHECK(!permitted("include/asyncllm/agent/options.hpp", "#include <asyncllm/http/url.hpp>"));
  CHECK(permitted("include/asyncllm/asyncllm.hpp", "#include <asyncllm/testing/answer.hpp>"));
}
