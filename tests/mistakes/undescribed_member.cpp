// says: this type is not described; use ASYNCLLM_DESCRIBE
#include <asyncllm/schema/json_schema.hpp>

#include <string>

struct Inner {
  int value = 0;
};
struct Outer {
  Inner inner;
};
ASYNCLLM_DESCRIBE(Outer, inner)

const std::string& text()
{
  return asyncllm::schema::json_schema<Outer>();
}
