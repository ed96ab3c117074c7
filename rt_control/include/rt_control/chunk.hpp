// Commands: what makes one valid, and where its setpoints lead between them.
#pragma once

#include <cstdint>

#include "rt_control/model.hpp"

namespace dynamical::rt {

struct Sample {
  AxisVector position;
  AxisVector velocity;
};

// Everything about a command that does not depend on who sent it. Non-finite values are refused before any limit.
// `trajectory_ns` is the time of the reference now.
[[nodiscard]] Refusal check_command(const Command& command, const RobotModel& model, std::int64_t now_ns,
                                    std::int64_t trajectory_ns) noexcept;

// Cubic Hermite interpolation with second-order finite differences as tangents (Catmull-Rom inside), exact for
// constant acceleration. `time_s` counts from setpoint 0; outside the setpoints the nearest one is held.
[[nodiscard]] Sample sample(const Command& command, std::uint32_t axes, double time_s) noexcept;

}  // namespace dynamical::rt
