// Histograms of latencies and what made cycles late, for the `statistics` channel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "rt_control/messages.hpp"
#include "rt_control/stages.hpp"

namespace dynamical::rt {

// Bucket i holds durations in [2^(i/4), 2^((i+1)/4)) us.
[[nodiscard]] inline std::size_t bucket_of(std::int64_t duration_ns) noexcept {
  const double microseconds = static_cast<double>(duration_ns) * 1e-3;
  if (microseconds <= 1.0) {
    return 0;
  }
  const auto bucket = static_cast<std::size_t>(4 * std::log2(microseconds));
  return std::min(bucket, kHistogramBuckets - 1);
}

// `times` lacks the last stage, which is not over yet.
inline void count_cycle(Statistics& statistics, const StageTimes& times) noexcept {
  const std::int64_t compute_ns = times.read_ns + times.decide_ns + times.write_drives_ns;
  ++statistics.cycles;
  ++statistics.wake_latency[bucket_of(times.wake_up_ns)];
  ++statistics.compute[bucket_of(compute_ns)];
  ++statistics.command_latency[bucket_of(times.wake_up_ns + compute_ns)];
  statistics.wake_latency_max_ns = std::max(statistics.wake_latency_max_ns, times.wake_up_ns);
  statistics.compute_max_ns = std::max(statistics.compute_max_ns, compute_ns);
}

inline void count_stages(Statistics& statistics, const StageTimes& times) noexcept {
  StageTimes& most = statistics.stage_max;
  most.wake_up_ns = std::max(most.wake_up_ns, times.wake_up_ns);
  most.read_ns = std::max(most.read_ns, times.read_ns);
  most.decide_ns = std::max(most.decide_ns, times.decide_ns);
  most.write_drives_ns = std::max(most.write_drives_ns, times.write_drives_ns);
  most.write_state_ns = std::max(most.write_state_ns, times.write_state_ns);
}

// After a cycle behind which `skipped` others could not take place.
inline void count_skipped(Statistics& statistics, const StageTimes& times, std::uint64_t skipped) noexcept {
  statistics.skipped_cycles += skipped;
  switch (longest_of(times)) {
    case Stage::wake_up:
      ++statistics.late_wake_up;
      break;
    case Stage::read:
      ++statistics.late_read;
      break;
    case Stage::decide:
      ++statistics.late_decide;
      break;
    case Stage::write_drives:
      ++statistics.late_write_drives;
      break;
    case Stage::write_state:
      ++statistics.late_write_state;
      break;
    case Stage::none:
      break;
  }
}

}  // namespace dynamical::rt
