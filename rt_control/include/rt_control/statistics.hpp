// Histograms of wake-up latency and compute time, for the `statistics` channel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "rt_control/messages.hpp"

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

inline void count_cycle(Statistics& statistics, std::int64_t wake_latency_ns, std::int64_t compute_ns) noexcept {
  ++statistics.cycles;
  ++statistics.wake_latency[bucket_of(wake_latency_ns)];
  ++statistics.compute[bucket_of(compute_ns)];
  statistics.wake_latency_max_ns = std::max(statistics.wake_latency_max_ns, wake_latency_ns);
  statistics.compute_max_ns = std::max(statistics.compute_max_ns, compute_ns);
}

}  // namespace dynamical::rt
