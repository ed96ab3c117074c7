// Position, velocity and acceleration limits of one axis in discrete time, by viability: whatever velocity is chosen
// for the next cycle, a stop inside the position limits stays possible (Del Prete, "Joint position and velocity bounds
// in discrete-time acceleration/torque control of robot manipulators", RA-L 2018). Acceleration is constant within a
// cycle.
#pragma once

#include <algorithm>
#include <cmath>

namespace dynamical::rt {

// Distance in which a speed >= 0 comes to rest when each cycle takes off as much as the acceleration allows, the last
// one what is left. It is piecewise linear in the speed, and exact: one cycle of braking shortens it by that cycle's
// way.
[[nodiscard]] inline double stopping_distance(double speed, double acceleration, double period) noexcept {
  const double step = acceleration * period;
  const double full_cycles = std::floor(speed / step);
  const double rest = speed - full_cycles * step;
  return period * (full_cycles * full_cycles * step / 2 + (full_cycles + 0.5) * rest);
}

// Highest velocity at the end of a cycle after which the rest of the way still suffices to stop. `way` is what is left
// after the share that the velocity at the beginning of the cycle takes: distance - velocity * period / 2. Inverts
// v * period / 2 + stopping_distance(v) = way; where even standing still goes too far, the result is negative.
[[nodiscard]] inline double highest_velocity(double way, double acceleration, double period) noexcept {
  if (way <= 0) {
    return 2 * way / period;
  }
  const double unit = acceleration * period * period;
  const double full_cycles = std::floor((std::sqrt(1 + 8 * way / unit) - 1) / 2);
  const double rest = (way - unit * full_cycles * (full_cycles + 1) / 2) / ((full_cycles + 1) * period);
  return full_cycles * acceleration * period + rest;
}

struct AxisLimits {
  double lower;
  double upper;
  double velocity;
  double acceleration;
};

struct VelocityRange {
  double lower;
  double upper;
};

// Largest braking possible within one cycle.
[[nodiscard]] inline double braked(double velocity, double acceleration, double period) noexcept {
  const double step = acceleration * period;
  return std::abs(velocity) <= step ? 0.0 : velocity - std::copysign(step, velocity);
}

// Velocities allowed at the end of the next cycle. Never empty: it holds the result of largest braking, which is all
// that is left where a limit cannot be met any more. An axis outside its limits may come back, but not go further.
[[nodiscard]] inline VelocityRange allowed_velocities(double position, double velocity, const AxisLimits& limits,
                                                      double period) noexcept {
  const double acceleration = limits.acceleration;
  const double step = acceleration * period;
  const double rest_above = position + stopping_distance(std::max(velocity, 0.0), acceleration, period);
  const double rest_below = position - stopping_distance(std::max(-velocity, 0.0), acceleration, period);
  const double above = std::max(limits.upper, rest_above) - position - velocity * period / 2;
  const double below = position + velocity * period / 2 - std::min(limits.lower, rest_below);
  // A velocity limit that fell below the velocity is reached by braking, not by a jump.
  const double fastest = std::max(limits.velocity, std::abs(velocity) - step);
  const double brake = braked(velocity, acceleration, period);
  const double lowest = std::max({velocity - step, -fastest, -highest_velocity(below, acceleration, period)});
  const double highest = std::min({velocity + step, fastest, highest_velocity(above, acceleration, period)});
  // Rounding may put a bound a hair on the wrong side of it.
  return {std::min(lowest, brake), std::max(highest, brake)};
}

// Velocity for the next cycle that reaches a target, which itself moves evenly, soonest without overshoot.
[[nodiscard]] inline double approach(double position, double velocity, double target_position, double target_velocity,
                                     double acceleration, double period) noexcept {
  // In the frame that moves with the target; the target's position is that at the end of the cycle.
  const double distance = target_position - target_velocity * period - position;
  const double relative = velocity - target_velocity;
  const double way = distance - relative * period / 2;
  const double chosen = std::copysign(std::max(highest_velocity(std::abs(way), acceleration, period), 0.0), way);
  return target_velocity + chosen;
}

}  // namespace dynamical::rt
