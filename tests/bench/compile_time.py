#!/usr/bin/env python3
"""What including the library costs: CPU seconds of compiling one agent call through the umbrella header,
against one timer with the parts of Asio that it stands on; and a tool, and a typed answer, against that
call. Medians of interleaved rounds.

    compile_time.py [COMPILER [ROUNDS]]
"""
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MESSAGE = """#include <asyncllm/asyncllm.hpp>
asio::awaitable<int> co_main() {
  const auto agent = asyncllm::LlmAgent::builder("a", "ollama::m").build();
  const auto reply = co_await agent.send_message_async("Hello?");
  co_return static_cast<int>(reply.text.size());
}
int main() { return asyncllm::run(co_main()); }
"""
TOOL = """#include <asyncllm/asyncllm.hpp>
#include <optional>
struct City { std::string name; std::optional<int> days; };
ASYNCLLM_DESCRIBE(City, (name, "City and country"), days)
asio::awaitable<int> co_main() {
  const auto agent = asyncllm::LlmAgent::builder("a", "ollama::m")
      .with_tool(asyncllm::Tool("weather", "The weather", [](City city) { return city.name; }))
      .build();
  const auto run = co_await agent.run_async("Hello?");
  co_return static_cast<int>(run.reply.text.size());
}
int main() { return asyncllm::run(co_main()); }
"""
TYPED = """#include <asyncllm/asyncllm.hpp>
#include <optional>
struct City { std::string name; std::optional<int> days; };
ASYNCLLM_DESCRIBE(City, (name, "City and country"), days)
asio::awaitable<int> co_main() {
  const auto agent = asyncllm::LlmAgent::builder("a", "ollama::m").build();
  const auto city = co_await agent.ask_async<City>("Which?");
  co_return static_cast<int>(city.name.size());
}
int main() { return asyncllm::run(co_main()); }
"""
ASIO = """#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
asio::awaitable<void> wait(asio::io_context& io) {
  asio::steady_timer timer(io, std::chrono::seconds(1));
  co_await timer.async_wait(asio::use_awaitable);
}
int main() {
  asio::io_context io(1);
  asio::co_spawn(io, wait(io), asio::detached);
  io.run();
}
"""


TEXTS = {"asio": ASIO, "message": MESSAGE, "tool": TOOL, "typed": TYPED}


def seconds(compiler, level, source):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([compiler, "-std=c++20", level, "-c", "-DASIO_STANDALONE", "-I",
                    str(ROOT / "include"), str(source), "-o", "/dev/null"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    compiler = sys.argv[1] if len(sys.argv) > 1 else "g++"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        sources = {}
        for name, text in TEXTS.items():
            sources[name] = pathlib.Path(folder, name + ".cpp")
            sources[name].write_text(text)
        for level in ("-O0", "-O2"):
            times = {name: [] for name in sources}
            for _ in range(rounds):
                for name, source in sources.items():
                    times[name].append(seconds(compiler, level, source))
            found = {name: statistics.median(of_name) for name, of_name in times.items()}
            shown = ", ".join(
                f"{name} {found[name]:.2f} s ({found[name] / found[base]:.2f} times {base})"
                for name, base in (("message", "asio"), ("tool", "message"), ("typed", "message")))
            print(f"{compiler} {level}: asio {found['asio']:.2f} s, {shown}")


if __name__ == "__main__":
    main()
