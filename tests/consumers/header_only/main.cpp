// A program that links no library of ours: one of its files compiles it all.
#include "../main.cpp"

#include <asyncllm/src.hpp>
#include <asyncllm/testing/src.hpp>
