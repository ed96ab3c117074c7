// The shortest stop of one axis that its acceleration and jerk allow: in time-optimal order, acceleration built up to
// the full braking, held, and let go, so that velocity and acceleration are zero together. Closed form, in continuous
// time: sampled in each cycle it keeps the limits exactly, and it needs no new check while it is followed.
#pragma once

#include <algorithm>
#include <cmath>

namespace dynamical::rt {

// One axis at one moment; rad or m and their derivatives.
struct AxisState {
  double position = 0;
  double velocity = 0;
  double acceleration = 0;
};

// How far positions and velocities go from a moment until rest.
struct Reach {
  double lowest;
  double highest;
  double slowest;  // velocity, with its sign
  double fastest;
};

class StopProfile {
 public:
  StopProfile() noexcept = default;  // at rest at 0

  // `acceleration` and `jerk` are the limits, > 0. A state beyond the acceleration limit is brought back by the jerk.
  StopProfile(const AxisState& from, double acceleration, double jerk) noexcept : jerk_(jerk), per_jerk_(1 / jerk) {
    // Velocity that is left when the acceleration is just let go; the stop works against it.
    const double left = from.velocity + from.acceleration * std::abs(from.acceleration) / 2 * per_jerk_;
    sign_ = left >= 0 ? 1.0 : -1.0;
    start_ = {sign_ * from.position, sign_ * from.velocity, sign_ * from.acceleration};
    const double v = start_.velocity;
    const double a = start_.acceleration;
    peak_ = std::sqrt(std::max(jerk * v + a * a / 2, 0.0));
    if (peak_ > acceleration) {
      peak_ = acceleration;
      hold_s_ = std::max((v + a * a / 2 * per_jerk_) / acceleration - acceleration * per_jerk_, 0.0);
    }
    build_s_ = std::max((a + peak_) * per_jerk_, 0.0);
    held_ = after(start_, -jerk_, build_s_);
    released_ = after(held_, 0, hold_s_);
    rest_ = after(released_, jerk_, peak_ * per_jerk_).position;
  }

  [[nodiscard]] double duration_s() const noexcept { return build_s_ + hold_s_ + peak_ * per_jerk_; }
  [[nodiscard]] double rest_position() const noexcept { return sign_ * rest_; }

  // `time_s` >= 0 counts from the state that it was made for.
  [[nodiscard]] AxisState at(double time_s) const noexcept {
    AxisState state{rest_, 0, 0};
    if (time_s < build_s_) {
      state = after(start_, -jerk_, time_s);
    } else if (time_s < build_s_ + hold_s_) {
      state = after(held_, 0, time_s - build_s_);
    } else if (time_s < duration_s()) {
      state = after(released_, jerk_, time_s - build_s_ - hold_s_);
    }
    return {sign_ * state.position, sign_ * state.velocity, sign_ * state.acceleration};
  }

  [[nodiscard]] Reach reach() const noexcept {
    const double v = start_.velocity;
    const double a = start_.acceleration;
    double low = start_.position;
    if (v < 0) {  // still on its way back when the acceleration turns it round
      const double turn_s = (a - std::sqrt(std::max(a * a + 2 * jerk_ * v, 0.0))) * per_jerk_;
      low = after(start_, -jerk_, turn_s).position;
    }
    const double high = std::max(start_.position, rest_);
    const double slow = std::min(v, 0.0);
    const double fast = std::max(a > 0 ? v + a * a / 2 * per_jerk_ : v, 0.0);
    if (sign_ > 0) {
      return {low, high, slow, fast};
    }
    return {-high, -low, -fast, -slow};
  }

 private:
  static AxisState after(const AxisState& state, double jerk, double time_s) noexcept {
    const auto& [q, v, a] = state;
    return {q + time_s * (v + time_s * (a / 2 + time_s * jerk / 6)), v + time_s * (a + time_s * jerk / 2),
            a + time_s * jerk};
  }

  double jerk_ = 1;
  double per_jerk_ = 1;
  double sign_ = 1;  // everything below is mirrored so that the stop works against a positive velocity
  AxisState start_;
  AxisState held_;
  AxisState released_;
  double peak_ = 0;  // largest braking
  double build_s_ = 0;
  double hold_s_ = 0;
  double rest_ = 0;
};

}  // namespace dynamical::rt
