// Whether the loop is proven healthy: only then are the watchdogs outside of this process petted.
#pragma once

#include <cstdint>

#include "rt_control/faults.hpp"

namespace dynamical::rt {

// What one cycle shows.
struct CycleHealth {
  bool in_time = false;         // the drives were told within a period after the cycle was due, and none was skipped
  bool drives_written = false;  // the channel to the drives took the command
  bool state_written = false;
  std::uint32_t drive_age = 0;        // cycles since the last fresh answer of the drives
  std::uint32_t drive_age_limit = 0;  // from this age on they do not answer
  Fault first_cause = Fault::none;    // of the latched stop
};

// A stop for one of these says that rt_control, its clock, its channels or its drives cannot be relied on. The others
// (an e-stop, a lost agent, a limit) are the work of a healthy one.
inline constexpr std::uint32_t kDistrusted = bit_of(Fault::lateness) | bit_of(Fault::clock_broken) |
                                             bit_of(Fault::channel_broken) | bit_of(Fault::drive_lost) |
                                             bit_of(Fault::ramp_not_followed) | bit_of(Fault::forbidden_call);

[[nodiscard]] constexpr bool is_healthy(const CycleHealth& cycle) noexcept {
  return cycle.in_time && cycle.drives_written && cycle.state_written && cycle.drive_age < cycle.drive_age_limit &&
         (bit_of(cycle.first_cause) & kDistrusted) == 0;
}

// Proven: so many cycles in a row were healthy.
class Health {
 public:
  static constexpr std::uint32_t kProvenCycles = 50;

  // True if health is proven with this cycle.
  constexpr bool update(const CycleHealth& cycle) noexcept {
    streak_ = is_healthy(cycle) ? (streak_ < kProvenCycles ? streak_ + 1 : streak_) : 0;
    return streak_ == kProvenCycles;
  }

 private:
  std::uint32_t streak_ = 0;
};

}  // namespace dynamical::rt
