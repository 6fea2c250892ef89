// An example as a user runs it: with a terminal's input, output and Ctrl-C.
#pragma once

#include <csignal>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace support {

/// Output and errors are one text.
class Program {
 public:
  explicit Program(std::vector<std::string> command)
  {
    int input[2], output[2];
    if (::pipe(input) != 0 || ::pipe(output) != 0)
      throw std::runtime_error("no pipe");
    std::vector<char*> arguments;
    for (auto& word : command)
      arguments.push_back(word.data());
    arguments.push_back(nullptr);
    id_ = ::fork();
    if (id_ == 0) {
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(output[1], STDOUT_FILENO);
      ::dup2(output[1], STDERR_FILENO);
      for (const int end : {input[0], input[1], output[0], output[1]})
        ::close(end);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    output_ = output[0];
  }
  ~Program()
  {
    end_input();
    ::close(output_);
    if (id_ > 0) {
      ::kill(id_, SIGKILL);
      ::waitpid(id_, nullptr, 0);
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void type(const std::string& text) { (void)!::write(input_, text.data(), text.size()); }
  void end_input()
  {
    if (input_ >= 0)
      ::close(std::exchange(input_, -1));
  }
  void interrupt() { ::kill(id_, SIGINT); }

  /// All that was printed, as soon as `text` is in it behind what was asked for before. Throws
  /// `std::runtime_error` when the program ends without it, or is silent for 20 s.
  const std::string& until(const std::string& text)
  {
    auto found = printed_.find(text, seen_);
    while (found == printed_.npos) {
      if (!read_more())
        throw std::runtime_error("the program printed no \"" + text + "\": " + printed_);
      found = printed_.find(text, seen_);
    }
    seen_ = found + text.size();
    return printed_;
  }
  /// What was printed until the end. Then `code()` is the exit code.
  const std::string& rest()
  {
    end_input();
    while (read_more()) {
    }
    int status = 0;
    ::waitpid(std::exchange(id_, 0), &status, 0);
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return printed_;
  }
  int code() const { return code_; }

 private:
  bool read_more()
  {
    constexpr int patience_ms = 20'000;
    ::pollfd ready{output_, POLLIN, 0};
    if (::poll(&ready, 1, patience_ms) <= 0)
      return false;
    char bytes[4096];
    const auto size = ::read(output_, bytes, sizeof bytes);
    if (size > 0)
      printed_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }

  pid_t id_ = 0;
  int input_ = -1, output_ = -1, code_ = -1;
  std::string printed_;
  std::size_t seen_ = 0;
};

}  // namespace support
