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
    {"observe", {"model", "json", "core"}},
    {"options", {"observe", "model", "core"}},
    {"json", {"core"}},
    {"schema", {"json", "core"}},
    {"tools", {"schema", "options", "model", "core"}},
    {"stream", {"core"}},
    {"concurrency", {"core"}},
    {"http", {"options", "concurrency", "core"}},
    {"provider", {"model", "json", "core"}},
    {"client",
     {"observe", "provider", "json", "stream", "http", "options", "concurrency", "model", "core"}},
    {"agent",
     {"client", "observe", "tools", "schema", "json", "options", "concurrency", "model", "core"}},
    {"testing", {"concurrency", "core"}},
};

const std::set<std::string> rooms_without_asio = {
    "model", "observe", "options", "json", "schema", "stream", "provider"};

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes)
{
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
    return text.starts_with(prefix);
  });
}

bool is_heavy(std::string_view header)
{
  return starts_with_any(header, {"simdjson", "llhttp", "openssl/", "asio/ssl", "boost/"}) ||
         (header.starts_with("nlohmann/") && header != "nlohmann/json_fwd.hpp");
}

// The opt-in headers, which no other header includes: each is for who uses its library anyway.
const std::map<std::string_view, std::string_view> opt_in = {
    {"schema/nlohmann_json.hpp", "nlohmann/json.hpp"},
    {"schema/boost_describe.hpp", "boost/describe.hpp"},
};

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

// Where a file of the library stands, by its path below include/asyncllm.
struct Place {
  std::string room;  // "" for the headers that include all of them
  bool is_public = true;
};

std::optional<Place> place_of(std::string_view path)
{
  Place place;
  constexpr std::string_view impl = "impl/";
  if (path == "src.hpp" || path == "testing/src.hpp")
    return Place{"", false};
  if (path.starts_with(impl)) {
    path.remove_prefix(impl.size());
    place.is_public = false;
  }
  if (place.is_public && path == "asyncllm.hpp")
    return place;
  place.room = path.substr(0, path.find_first_of("/."));
  if (!arrows.contains(place.room))
    return std::nullopt;
  return place;
}

constexpr std::string_view library = "asyncllm/";

// Why the file may not contain the line; nothing if it may. `file` is its path below
// include/asyncllm.
std::optional<std::string> objection(std::string_view file, std::string_view line)
{
  const auto include = parse_include(line);
  if (!include)
    return std::nullopt;
  const auto place = place_of(file);
  if (!place)
    return "is not in a known room";
  std::string_view target = include->target;
  if (include->quoted || target.find("..") != target.npos)
    return "is not spelled <asyncllm/room/x.hpp>";
  if (!target.starts_with(library)) {
    if (const auto header = opt_in.find(file); header != opt_in.end() && header->second == target)
      return std::nullopt;
    if (place->is_public && is_heavy(target))
      return "is too heavy for a public header";
    if (rooms_without_asio.contains(place->room) &&
        (target == "asio.hpp" || target.starts_with("asio/")))
      return "brings Asio into a room that does no I/O";
    return std::nullopt;
  }
  target.remove_prefix(library.size());
  if (opt_in.contains(target))
    return "is a header that only users include";
  const auto other = place_of(target);
  if (!other)
    return "names no room";
  if (place->is_public && !other->is_public)
    return "is a private header in a public one";
  if (place->room.empty() || place->room == other->room ||
      arrows.at(place->room).contains(other->room))
    return std::nullopt;
  return "is a forbidden arrow: " + place->room + " -> " + other->room;
}

std::vector<std::string> lines_of(const fs::path& file)
{
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::vector<std::string> includes_of(const fs::path& file)
{
  std::vector<std::string> targets;
  for (const auto& line : lines_of(file))
    if (const auto include = parse_include(line))
      targets.push_back(include->target);
  return targets;
}

// The paths below `folder` of the files with one of the extensions, in order.
std::vector<std::string> files_below(
    const fs::path& folder, std::initializer_list<std::string_view> extensions)
{
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (std::ranges::find(extensions, entry.path().extension().string()) != extensions.end())
      files.push_back(fs::relative(entry.path(), folder).generic_string());
  std::ranges::sort(files);
  return files;
}

const fs::path root = ASYNCLLM_SOURCE_DIR;
const fs::path headers = root / "include" / "asyncllm";

bool permitted(std::string_view file, std::string_view line)
{
  return !objection(file, line).has_value();
}

}  // namespace

TEST_CASE("every include of the library is a permitted arrow")
{
  std::vector<std::string> objections;
  int read = 0;
  for (const auto& file : files_below(headers, {".hpp", ".ipp"}))
    for (const auto& line : lines_of(headers / file)) {
      read += parse_include(line) ? 1 : 0;
      if (const auto why = objection(file, line))
        objections.push_back(file + ": " + line + " -- " + *why);
    }
  CHECK(objections == std::vector<std::string>{});
  CHECK(read > 100);  // else the folder was not read at all
}

TEST_CASE("src/ compiles each room's files, and all of them")
{
  using Paths = std::vector<std::string>;
  Paths rooms;
  for (const auto& source : files_below(root / "src", {".cpp"})) {
    INFO(source);
    const auto room = source.substr(0, source.find('.'));
    const auto list = "impl/" + room + ".ipp";
    CHECK(includes_of(root / "src" / source) == Paths{"asyncllm/" + list});

    Paths files;
    for (const auto& file : files_below(headers / "impl" / room, {".ipp"}))
      files.push_back("asyncllm/impl/" + room + "/" + file);
    auto listed = includes_of(headers / list);
    std::ranges::sort(files);
    std::ranges::sort(listed);
    CHECK(listed == files);
    if (room != "testing")
      rooms.push_back("asyncllm/" + list);
  }
  CHECK(includes_of(headers / "src.hpp") == rooms);
  CHECK(includes_of(headers / "testing" / "src.hpp") == Paths{"asyncllm/impl/testing.ipp"});
  for (const auto& file : files_below(headers / "impl", {".ipp"})) {
    INFO(file);
    const auto room = file.substr(0, file.find_first_of("/."));
    CHECK(fs::exists(root / "src" / (room + ".cpp")));
  }
}

TEST_CASE("every namespace of the library is that of its release")
{
  std::map<std::string, std::string> version;
  for (const auto& line : lines_of(headers / "core" / "version.hpp"))
    for (const std::string part : {"MAJOR", "MINOR"})
      if (const std::string define = "#define ASYNCLLM_VERSION_" + part + " ";
          line.starts_with(define))
        version[part] = line.substr(define.size());
  const auto right = "namespace asyncllm::inline v" + version["MAJOR"] + "_" + version["MINOR"];
  for (const auto& file : files_below(headers, {".hpp", ".ipp"}))
    for (const auto& line : lines_of(headers / file))
      if (line.starts_with("namespace asyncllm")) {
        INFO(file << ": " << line);
        const bool is_right =
            line.starts_with(right) &&
            std::string_view(" :").find(line[right.size()]) != std::string_view::npos;
        CHECK(is_right);
      }
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
  const char* file = "impl/provider/ollama/ollama.ipp";
  CHECK(permitted(file, "#include <asyncllm/impl/provider/wire.hpp>"));
  CHECK(permitted(file, "#include <asyncllm/model/message.hpp>"));
  CHECK(permitted(file, "#include <asyncllm/impl/json/reader.hpp>"));
  CHECK(permitted(file, "#include <nlohmann/json.hpp>"));
  CHECK(permitted(file, "int include = 1;  // #include <asyncllm/impl/http/parse/url.hpp>"));
  CHECK(!permitted(file, "#include <asyncllm/impl/http/parse/url.hpp>"));
  CHECK(!permitted(file, "  #  include <asyncllm/impl/http/parse/url.hpp>  // just this once"));
  CHECK(!permitted(file, "#include <asyncllm/client/client.hpp>"));
  CHECK(!permitted(file, "#include \"ollama.hpp\""));
  CHECK(!permitted(file, "#include \"../http/pool.hpp\""));
  CHECK(!permitted(file, "#include <asyncllm/impl/provider/../http/pool.hpp>"));
  CHECK(!permitted(file, "#include \"asyncllm/model/message.hpp\""));
  CHECK(!permitted(file, "#include <asyncllm/asyncllm.hpp>"));
  CHECK(!permitted(file, "#include <asyncllm/src.hpp>"));
  CHECK(!permitted(file, "#include <asyncllm/extras/x.hpp>"));
  CHECK(!permitted(file, "#include HEADER"));
  CHECK(!permitted("impl/core/error.ipp", "#include <asyncllm/model/message.hpp>"));
  CHECK(!permitted("impl/extras/x.ipp", "#include <vector>"));
  CHECK(!permitted("x.hpp", "#include <vector>"));
}

TEST_CASE("no public header brings in a heavy or a private one")
{
  const char* file = "client/client.hpp";
  CHECK(permitted(file, "#include <nlohmann/json_fwd.hpp>"));
  CHECK(permitted(file, "#include <asio/awaitable.hpp>"));
  for (const char* line :
       {"#include <nlohmann/json.hpp>",
        "#include <simdjson.h>",
        "#include <llhttp.h>",
        "#include <openssl/ssl.h>",
        "#include <asio/ssl.hpp>",
        "#include <asio/ssl/context.hpp>",
        "#include <asyncllm/src.hpp>",
        "#include <asyncllm/impl/http/connect/pool.hpp>",
        "#include <asyncllm/impl/client/state.hpp>"}) {
    INFO(line);
    CHECK(!permitted(file, line));
    CHECK(!permitted("asyncllm.hpp", line));
  }
}

TEST_CASE("a header for another library brings in that one, and no header brings it in")
{
  const char* adapter = "schema/nlohmann_json.hpp";
  CHECK(permitted(adapter, "#include <nlohmann/json.hpp>"));
  CHECK(!permitted(adapter, "#include <boost/describe.hpp>"));
  CHECK(permitted("schema/boost_describe.hpp", "#include <boost/describe.hpp>"));
  CHECK(!permitted("schema/codec.hpp", "#include <nlohmann/json.hpp>"));
  CHECK(!permitted("asyncllm.hpp", "#include <asyncllm/schema/nlohmann_json.hpp>"));
  CHECK(!permitted("impl/agent/ask.ipp", "#include <asyncllm/schema/boost_describe.hpp>"));
}

TEST_CASE("Asio stays out of the rooms that do no I/O")
{
  for (const std::string room : {"model", "options", "stream", "json", "provider"}) {
    INFO(room);
    CHECK(!permitted(room + "/x.hpp", "#include <asio/buffer.hpp>"));
    CHECK(!permitted("impl/" + room + "/x.ipp", "#include <asio.hpp>"));
  }
  CHECK(permitted("impl/http/connect/pool.ipp", "#include <asio/ip/tcp.hpp>"));
}

TEST_CASE("the agent sees nothing of the transport, the umbrella header sees all")
{
  CHECK(permitted("agent/agent.hpp", "#include <asyncllm/options/timeouts.hpp>"));
  CHECK(!permitted("impl/agent/agent.ipp", "#include <asyncllm/impl/http/parse/url.hpp>"));
  CHECK(permitted("asyncllm.hpp", "#include <asyncllm/testing/answer.hpp>"));
}
