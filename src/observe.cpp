// Compiles every .ipp file of the room.
#include <asyncllm/impl/observe.ipp>
