// The main function of every demo. DEMO, from CMakeLists.txt, is the one that the program runs.
#include "demo.hpp"

int main(int argc, char** argv)
{
  return demo::run(argc, argv, DEMO);
}
