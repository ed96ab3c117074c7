// Direction of gravity in the base frame, from an inertial unit on the base.
#pragma once

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

namespace dynamical::rt {

// For a base that stands still or is tilted slowly: the arm's weight then acts along another direction than its model
// says. It follows the accelerometer with a time constant of one second, and only while the unit shows neither turning
// nor acceleration; otherwise the last direction holds. It estimates no motion of the base, and the strength of gravity
// stays that of the model.
class BaseTilt {
 public:
  BaseTilt(const Eigen::Vector3d& gravity, double period_s) noexcept
      : gravity_(gravity), strength_(gravity.norm()), share_(period_s / (period_s + kTimeConstant_s)) {}

  // Specific force (m/s2: upwards at rest) and angular rate (rad/s) of the unit, turned into the base frame. False: it
  // was not used, being not finite or not at rest.
  bool observe(const Eigen::Vector3d& specific_force, const Eigen::Vector3d& angular_rate) noexcept {
    const double force = specific_force.norm();
    const double turning = angular_rate.norm();
    if (!(std::abs(force - strength_) <= kForceTolerance * strength_) || !(turning <= kTurning_radps)) {
      return false;  // also what is not finite
    }
    const Eigen::Vector3d mixed = gravity_ - share_ * (gravity_ + specific_force * (strength_ / force));
    const double length = mixed.norm();
    if (!(length > strength_ / 2)) {
      return false;  // nearly opposite: no direction between the two
    }
    gravity_ = mixed * (strength_ / length);
    return true;
  }

  [[nodiscard]] const Eigen::Vector3d& gravity() const noexcept { return gravity_; }

 private:
  static constexpr double kTimeConstant_s = 1.0;
  static constexpr double kForceTolerance = 0.05;
  static constexpr double kTurning_radps = 0.05;

  Eigen::Vector3d gravity_;
  double strength_;
  double share_;
};

}  // namespace dynamical::rt
