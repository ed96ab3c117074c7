// One cycle of the real-time loop, from waking to sleeping: what is read, decided and told, and how long each took.
#pragma once

#include <array>
#include <cstdint>

#include "connections.hpp"
#include "rt_control/black_box.hpp"
#include "rt_control/health.hpp"
#include "scope_output.hpp"
#include "watchdogs.hpp"

namespace dynamical::rt {

// What hangs on the process beside the channels; each may be absent.
struct Outlets {
  ScopeOutput scope;
  MachineWatchdog machine;
  SafetyRelay relay;
};

class Cycle {
 public:
  Cycle(const RobotModel& model, Connections& connections, BlackBox& black_box, Outlets& outlets) noexcept;

  // What the kernel granted, as RealtimeStatus bits; before the first cycle.
  void grant(std::uint32_t realtime) noexcept;

  // The cycle that was due then and woke then.
  void run(std::int64_t due_ns, std::int64_t woke_ns) noexcept;

  // So many cycles behind this one could not take place.
  void skip(std::uint64_t cycles) noexcept;

  // From now on the robot comes to rest, and then `finished`.
  void shut_down() noexcept { inputs_.shutdown = true; }

  // The last words in `statistics`, with the pages that the loop had to wait for.
  void finish(std::uint64_t minor_faults, std::uint64_t major_faults) noexcept;

  [[nodiscard]] bool shuts_down() const noexcept { return inputs_.shutdown; }
  [[nodiscard]] bool finished() const noexcept { return outputs_.finished; }
  [[nodiscard]] bool taken_over() const noexcept { return taken_over_; }
  [[nodiscard]] const StageTimes& times() const noexcept { return times_; }
  [[nodiscard]] const Outputs& outputs() const noexcept { return outputs_; }
  [[nodiscard]] const Statistics& statistics() const noexcept { return statistics_; }

 private:
  void pet() noexcept;

  std::int64_t period_ns_;
  std::array<std::uint32_t, 2> drive_age_limits_;  // with real time, and degraded
  std::uint32_t drive_age_limit_;
  Connections& connections_;
  BlackBox& black_box_;
  Outlets& outlets_;
  Controller controller_;
  Inputs inputs_;
  Outputs outputs_{};
  Statistics statistics_{};
  StageTimes times_{};
  Health health_;
  std::int64_t statistics_due_ns_ = 0;
  std::uint32_t drive_age_ = 0;
  bool in_time_ = true;
  bool skipped_ = false;  // between the cycle before and this one
  bool taken_over_ = false;
};

}  // namespace dynamical::rt
