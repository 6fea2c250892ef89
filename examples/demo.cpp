// From the command line to a running demo, and how the demos print.
#include "demo.hpp"

#include <asyncllm/concurrency/run.hpp>

#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>

namespace llm = asyncllm;

namespace {

constexpr const char* usage = R"(usage: PROGRAM [--model SPEC]

  --model SPEC  the model to ask, for example
                  ollama::gemma3:latest
                  openai::gpt-4o-mini                      (needs OPENAI_API_KEY)
                  openai@http://127.0.0.1:8080/v1::name    (any compatible server)
  --help        show this text

Without --model: gemma3:latest of the Ollama at OLLAMA_HOST, or at 127.0.0.1:11434, or another model that
it has. If none answers within a second, a scripted server inside the program does.
)";

struct Options {
  std::string model;
  bool help = false;
};

Options parse(int argc, char** argv)
{
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--help")
      options.help = true;
    else if (option != "--model")
      throw std::invalid_argument("unknown option " + option);
    else if (++i == argc || !*argv[i])
      throw std::invalid_argument("--model needs a SPEC");
    else
      options.model = argv[i];
  }
  return options;
}

}  // namespace

namespace demo {

int run(int argc, char** argv, Demo demo)
{
  Options options;
  try {
    options = parse(argc, argv);
  } catch (const std::invalid_argument& error) {
    std::cerr << error.what() << "\n\n" << usage;
    return 2;
  }
  if (options.help) {
    std::cout << usage;
    return 0;
  }

  std::cout << std::unitbuf;  // answers are to be seen as they come, also through a pipe
  try {
    const int failed = llm::run_or_throw(ask_model(options.model, demo));
    return failed == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    if (llm::is_cancelled(std::current_exception())) {
      std::cerr << "\nInterrupted: what was still running is cancelled.\n";
      return 130;  // what a shell reports for a program that Ctrl-C has ended
    }
    std::cerr << "\n❌ Demo failed with error: " << error.what() << '\n';
    return 1;
  }
}

void heading(std::string_view text)
{
  const std::string line(60, '=');
  std::cout << line << '\n' << text << '\n' << line << '\n';
}

std::string seconds(Duration duration)
{
  char text[32];
  std::snprintf(text, sizeof text, "%.2fs", std::chrono::duration<double>(duration).count());
  return text;
}

}  // namespace demo
