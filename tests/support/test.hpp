// The one header by which a test sees Catch2, of either generation. Only what both share is used:
// TEST_CASE, SECTION, CHECK, REQUIRE, CHECK_THROWS_AS and their like.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#  include <catch2/catch_test_macros.hpp>
#else
#  include <catch2/catch.hpp>
#endif
