// Position, velocity, acceleration and jerk limits of one axis, by viability: a state is taken only if a stop from it
// stays inside all of them, also when the drives carry on for some lost cycles before it begins. The idea is Del
// Prete's ("Joint position and velocity bounds in discrete-time acceleration/torque control of robot manipulators",
// RA-L 2018), extended by jerk: the set of viable states is convex, as the dynamics are linear, so between the next
// state of the stop in hand (viable by construction) and the wanted one there is a last viable one. An empty set does
// not occur: the stop in hand is always in it.
#pragma once

#include <algorithm>
#include <cmath>

#include "rt_control/stop_profile.hpp"

namespace dynamical::rt {

struct AxisLimits {
  double lower;
  double upper;
  double velocity;
  double acceleration;
  double jerk;
};

// Cycles that may be lost without a way past a limit: as many as drives carry the last reference on.
inline constexpr double kLostCycles = 3;

// The next state with an acceleration that is held for one cycle.
[[nodiscard]] inline AxisState held_for(const AxisState& from, double acceleration, double period) noexcept {
  return {from.position + (from.velocity + acceleration * period / 2) * period, from.velocity + acceleration * period,
          acceleration};
}

[[nodiscard]] inline AxisState between(const AxisState& from, const AxisState& to, double share) noexcept {
  return {from.position + share * (to.position - from.position), from.velocity + share * (to.velocity - from.velocity),
          from.acceleration + share * (to.acceleration - from.acceleration)};
}

// What a stop may reach: the limits, or where the stop in hand ends already (an axis outside its limits may come back
// but not go further, and a velocity limit that fell is reached by braking).
class AxisBounds {
 public:
  AxisBounds(const AxisState& stop, const AxisLimits& limits, double speed_scale, double period) noexcept
      : limits_(limits), lost_s_(kLostCycles * period) {
    const Reach reach = reach_of(stop);
    upper_ = std::max(limits.upper, reach.highest);
    lower_ = std::min(limits.lower, reach.lowest);
    fastest_ = std::max(limits.velocity * speed_scale, reach.fastest);
    slowest_ = std::min(-limits.velocity * speed_scale, reach.slowest);
  }

  // By how much a stop from this state would pass the bound that it passes most; negative: it keeps all of them. Convex
  // in the state.
  [[nodiscard]] double excess(const AxisState& state) const noexcept {
    const Reach reach = reach_of(state);
    return std::max(position_excess(reach), velocity_excess(reach));
  }

  // Whether it is the position rather than the velocity that the stop from this state would pass.
  [[nodiscard]] bool position_binds(const AxisState& state) const noexcept {
    const Reach reach = reach_of(state);
    return position_excess(reach) >= velocity_excess(reach);
  }

 private:
  // Positions with the way that the drives go on during lost cycles.
  [[nodiscard]] Reach reach_of(const AxisState& state) const noexcept {
    Reach reach = StopProfile(state, limits_.acceleration, limits_.jerk).reach();
    reach.highest += lost_s_ * reach.fastest;
    reach.lowest += lost_s_ * reach.slowest;
    return reach;
  }

  [[nodiscard]] double position_excess(const Reach& reach) const noexcept {
    return std::max(reach.highest - upper_, lower_ - reach.lowest);
  }
  [[nodiscard]] double velocity_excess(const Reach& reach) const noexcept {
    return std::max(reach.fastest - fastest_, slowest_ - reach.slowest);
  }

  AxisLimits limits_;
  double lost_s_;
  double upper_ = 0;
  double lower_ = 0;
  double fastest_ = 0;
  double slowest_ = 0;
};

// Largest share of the way from the next state of the stop in hand to the wanted next state that is viable, 0..1.
[[nodiscard]] inline double viable_share(const AxisState& stop, const AxisState& wanted,
                                         const AxisBounds& bounds) noexcept {
  constexpr int kRefinements = 7;
  double right_excess = bounds.excess(wanted);
  if (right_excess <= 0) {
    return 1.0;
  }
  double left = 0.0;
  double left_excess = std::min(bounds.excess(stop), 0.0);
  double right = 1.0;
  for (int round = 0; round < kRefinements; ++round) {
    // The chord of a convex function meets zero where the function is viable still; the middle brings the other end in.
    const double chord = left + (right - left) * left_excess / (left_excess - right_excess);
    const double at = round % 2 == 0 ? chord : (left + right) / 2;
    const double excess = bounds.excess(between(stop, wanted, at));
    if (excess <= 0) {
      left = at;
      left_excess = excess;
    } else {
      right = at;
      right_excess = excess;
    }
  }
  return left;
}

// Accelerations that acceleration and jerk limit allow for the next cycle, after one with this mean acceleration.
struct AccelerationRange {
  double lower;
  double upper;
};
[[nodiscard]] inline AccelerationRange allowed_accelerations(double mean_acceleration, const AxisLimits& limits,
                                                             double period) noexcept {
  const double step = limits.jerk * period;
  const double from = std::clamp(mean_acceleration, -limits.acceleration, limits.acceleration);
  return {std::max(from - step, -limits.acceleration), std::min(from + step, limits.acceleration)};
}

// Acceleration for the next cycle that reaches a target soonest without overshoot: after it, a stop relative to the
// target would end on it.
// `target` is where it is at the end of the cycle, and how it moves then.
[[nodiscard]] inline double approach(const AxisState& from, const AxisState& target, const AccelerationRange& allowed,
                                     const AxisLimits& limits, double period) noexcept {
  constexpr int kRefinements = 8;
  constexpr double kExact = 1e-10;  // rad or m, short of the target
  constexpr double kOnIt = 1e-7;    // so near to it, all that is left to do is to move as it does
  // What the target's own acceleration needs is not there for coming nearer.
  const double acceleration = std::max(limits.acceleration - std::abs(target.acceleration), limits.acceleration / 4);
  const auto miss = [&](double tried) {
    const AxisState next = held_for(from, tried, period);
    const AxisState relative{next.position - target.position, next.velocity - target.velocity,
                             tried - target.acceleration};
    return StopProfile(relative, acceleration, limits.jerk).rest_position();
  };
  const double same = (target.velocity - from.velocity) / period;
  if (same > allowed.lower && same < allowed.upper && std::abs(miss(same)) < kOnIt) {
    return same;
  }
  double low = allowed.lower;
  double high = allowed.upper;
  double low_miss = miss(low);
  double high_miss = miss(high);
  if (high_miss <= 0) {
    return high;
  }
  if (low_miss >= 0) {
    return low;
  }
  // The Illinois form of the regula falsi: an end that stays twice counts half.
  int stayed = 0;
  for (int round = 0; round < kRefinements; ++round) {
    const double tried = low - low_miss * (high - low) / (high_miss - low_miss);
    const double missed = miss(tried);
    if (missed <= 0 && missed > -kExact) {
      return tried;
    }
    if (missed > 0) {
      high = tried;
      high_miss = missed;
      low_miss = stayed < 0 ? low_miss / 2 : low_miss;
      stayed = -1;
    } else {
      low = tried;
      low_miss = missed;
      high_miss = stayed > 0 ? high_miss / 2 : high_miss;
      stayed = 1;
    }
  }
  return low;
}

// The velocity that an axis has or comes to have when its acceleration is let go, whichever is farther from rest.
[[nodiscard]] inline double peak_velocity(const AxisState& state, double jerk) noexcept {
  const double more = state.acceleration * std::abs(state.acceleration) / (2 * jerk);
  return state.velocity * more > 0 || state.velocity == 0 ? state.velocity + more : state.velocity;
}

// Share of a speed that a stop may take off in the next cycle so that jerk and acceleration allow to take off the rest
// after it, the last cycle what is left. Per unit of speed: limits divided by it.
[[nodiscard]] inline double braking_share(double acceleration, double jerk, double period) noexcept {
  const double unit = jerk * period * period;  // of speed, taken off when the braking changes by one cycle's jerk
  const double cycles = std::floor((std::sqrt(1 + 8 / unit) - 1) / 2);
  const double rest = (1 / unit - cycles * (cycles + 1) / 2) / (cycles + 1);
  return std::min({acceleration * period, (cycles + rest) * unit, 1.0});
}

}  // namespace dynamical::rt
