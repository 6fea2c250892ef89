// Runs a program with OLLAMA_HOST pointing to a scripted server that echoes: run_with_server
// PROGRAM. Fails when the program does, or when it prints nothing.
#include <asyncllm/testing/server_thread.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char** argv)
{
  if (argc != 2)
    return 2;
  const asyncllm::testing::ServerThread server;
  ::setenv("OLLAMA_HOST", server.url().c_str(), 1);
  auto* const program = ::popen(argv[1], "r");
  std::string output;
  for (int c = 0; (c = std::fgetc(program)) != EOF;)
    output += static_cast<char>(c);
  const int status = ::pclose(program);
  std::cout << output;
  return status == 0 && !output.empty() ? 0 : 1;
}
