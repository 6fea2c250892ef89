// says: define ASIO_HAS_CO_AWAIT
// with: -DASIO_DISABLE_CO_AWAIT -UASIO_HAS_CO_AWAIT
#include <asyncllm/asyncllm.hpp>
