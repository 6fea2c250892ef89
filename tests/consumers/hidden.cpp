// A program with hidden visibility, and a library that may be shared: what the one throws is what
// the other catches, and error codes are of one category.
#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>

#include <iostream>

int main()
{
  try {
    const asyncllm::Client client(asyncllm::ClientOptions("nobody"));
  } catch (const asyncllm::Error& error) {
    const bool is_one = error.code().category() == asyncllm::error_category() &&
                        error.code() == make_error_code(asyncllm::ErrorKind::invalid_argument);
    std::cout << (is_one ? "one category\n" : "another category\n");
    return is_one ? 0 : 1;
  }
  return 1;
}
