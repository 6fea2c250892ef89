// Reads one long input, for work.py: work NAME BYTES, or work by itself for the names.
#include "allocations.hpp"
#include "long_input.hpp"

#include <algorithm>
#include <iostream>
#include <string>
#include <utility>

int main(int argc, char** argv)
{
  const auto& all = support::long_inputs();
  if (argc != 3) {
    for (const auto& input : all)
      std::cout << input.name << '\n';
    return 0;
  }
  const auto input = std::ranges::find(all, argv[1], &support::LongInput::name);
  if (input == all.end()) {
    std::cerr << "no such input: " << argv[1] << '\n';
    return 2;
  }
  auto text = support::text_of(*input, std::stoul(argv[2]));
  const auto limits = support::wide_limits();
  count_allocations = true;
  const auto outcome = support::outcome_of(*input, std::move(text), limits);
  count_allocations = false;
  std::cout << outcome << ' ' << allocations.peak << '\n';
}
