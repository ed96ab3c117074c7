// What the kernel must grant so that a cycle comes when it is due.
#pragma once

#include <cstdint>
#include <string>

namespace dynamical::rt {

struct RealtimeWish {
  int cpu = -1;       // -1: any
  int priority = 90;  // of SCHED_FIFO; 0: ordinary scheduling, which counts as not granted
};

struct RealtimeGrant {
  std::uint32_t status = 0;  // RealtimeStatus bits, without kRealtimeDegraded
  std::string missing;       // what was not granted, with the mend; empty if all was
};

// For the calling thread, which must be the only one.
[[nodiscard]] RealtimeGrant become_realtime(const RealtimeWish& wish);

[[nodiscard]] std::int64_t monotonic_ns() noexcept;

// Of the calling thread, since it began.
struct PageFaults {
  std::uint64_t minor = 0;
  std::uint64_t major = 0;
};
[[nodiscard]] PageFaults page_faults() noexcept;

// Returns at that time, whatever signals arrive.
void sleep_until(std::int64_t time_ns) noexcept;

}  // namespace dynamical::rt
