// What the real-time thread may ask of the kernel: the few system calls of its loop. Any other is refused, does not
// happen, and is told to the controller, which stops the robot.
#pragma once

#include <cstdint>
#include <span>

namespace dynamical::rt {

// For the calling thread, for good; `descriptors` may still be written and controlled (ioctl). False: the kernel does
// not do it (CONFIG_SECCOMP_FILTER), and nothing has changed.
[[nodiscard]] bool filter_system_calls(std::span<const int> descriptors);

// Number of a system call that was refused since the last question; -1: none.
[[nodiscard]] std::int32_t take_forbidden_call() noexcept;

}  // namespace dynamical::rt
