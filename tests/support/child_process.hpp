// Another program, for as long as a test needs it.
#pragma once

#include <csignal>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#if defined(__linux__)
#  include <sys/prctl.h>
#endif

namespace support {

/// Runs `command`, found as a shell finds it, and ends it with the object.
class ChildProcess {
 public:
  explicit ChildProcess(std::vector<std::string> command)
  {
    std::vector<char*> arguments;
    for (auto& word : command)
      arguments.push_back(word.data());
    arguments.push_back(nullptr);
    id_ = ::fork();
    if (id_ < 0)
      throw std::runtime_error("cannot start " + command[0]);
    if (id_ > 0)
      return;
#if defined(__linux__)
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive a test that is killed
#endif
    ::close(STDOUT_FILENO);  // nor keep whoever waits for the test's output
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ~ChildProcess()
  {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool has_ended() const { return ::waitpid(id_, nullptr, WNOHANG) == id_; }

 private:
  pid_t id_ = 0;
};

}  // namespace support
