// How far a person must be for the robot to move as it does: speed and separation monitoring, ISO/TS 15066:2016, 5.5.4.
// The protective distance is
//
//   S = v_h (T_r + T_s) + v_r T_r + B + C + Z_d + Z_r
//
// person's way until the robot stands, robot's way until it brakes, its braking way, intrusion and the two
// uncertainties. With every axis and the fastest point of the arm held to a share s of their full speeds, V for the
// point, T_s <= s T_1 (velocity / acceleration of the slowest axis) and B <= s V s T_1: how the speed of a point falls
// while axes of different strength brake is not known, so it counts as if it did not fall. An axis that is speeding up
// lets go first and then builds up the braking, which takes twice acceleration / jerk and counts to T_r. So S is a
// parabola in s, and the share that a distance allows is its root.
#pragma once

#include <algorithm>
#include <cmath>

#include "rt_control/model.hpp"

namespace dynamical::rt {

class Separation {
 public:
  explicit Separation(const RobotModel& model) noexcept
      : person_mps_(model.person_speed_mps),
        robot_mps_(model.full_speed_mps),
        reaction_s_(model.robot_reaction_s),
        fixed_m_(model.intrusion_m + model.person_uncertainty_m + model.robot_uncertainty_m) {
    double build_s = 0;
    for (std::size_t axis = 0; axis < model.arm_axes; ++axis) {
      stop_s_ = std::max(stop_s_, model.velocity[axis] / model.acceleration[axis]);
      build_s = std::max(build_s, model.acceleration[axis] / model.jerk[axis]);
    }
    // A command takes effect in the next cycle.
    reaction_s_ += 2 * build_s + static_cast<double>(model.period_ns) * 1e-9;
  }

  // At a share 0..1 of the full speeds; `reaction_s` >= 0: what is known to be lost beside the declared reaction time.
  [[nodiscard]] double protective_m(double share, double reaction_s) const noexcept {
    const double reaction = reaction_s_ + reaction_s;
    return person_mps_ * (reaction + share * stop_s_) + share * robot_mps_ * (reaction + share * stop_s_) + fixed_m_;
  }

  // Largest share of the full speeds, 0..1, whose protective distance is at most this one.
  [[nodiscard]] double speed_scale(double distance_m, double reaction_s) const noexcept {
    const double left = distance_m - protective_m(0, reaction_s);
    if (!(left > 0)) {
      return 0;
    }
    const double square = robot_mps_ * stop_s_;
    const double linear = person_mps_ * stop_s_ + robot_mps_ * (reaction_s_ + reaction_s);
    // The root of square s^2 + linear s = left, in the form that does not cancel.
    return std::min(2 * left / (linear + std::sqrt(linear * linear + 4 * square * left)), 1.0);
  }

 private:
  double person_mps_;
  double robot_mps_;
  double reaction_s_;
  double fixed_m_;
  double stop_s_ = 0;  // T_1
};

}  // namespace dynamical::rt
