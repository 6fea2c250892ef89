#include <asyncllm/core/error.hpp>
#include <asyncllm/testing/fault.hpp>

#include <utility>

namespace asyncllm::inline v0_1::testing {

Fault Fault::garbage(Phase phase, std::string bytes)
{
  Fault fault(Kind::garbage, phase);
  fault.bytes_ = std::move(bytes);
  return fault;
}

Fault Fault::drip(Phase phase, std::chrono::milliseconds gap)
{
  if (phase == Phase::accept || phase == Phase::request || phase == Phase::idle)
    throw Error(
        ErrorKind::invalid_argument, "testing::Fault: in that phase there is nothing to drip");
  if (gap.count() < 0)
    throw Error(ErrorKind::invalid_argument, "testing::Fault: a gap cannot be negative");
  Fault fault(Kind::drip, phase);
  fault.gap_ = gap;
  return fault;
}

}  // namespace asyncllm::testing
