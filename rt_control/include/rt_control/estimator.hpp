// Position, velocity and external torque of the arm from what its drives measure: an extended Kalman filter.
//
// Each axis has the state (position, velocity, disturbance): the disturbance is the acceleration that external torque
// causes, M^-1 tau, as a random walk. The mean moves by the coupled rigid-body dynamics at the estimate; in these
// coordinates the disturbance of an axis acts on that axis alone, so the covariance falls into a block of 3 x 3 for
// each axis. What is neglected is the derivative of the model's acceleration by position and velocity (times a period
// of 1 ms), and that noise in the torque of one axis moves the others: `acceleration_noise` has to cover both.
// External torque is M times the disturbances.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>

#include "rt_control/kinematics.hpp"
#include "rt_control/model.hpp"
#include "rt_control/rigid_body.hpp"

namespace dynamical::rt {

struct Estimate {
  AxisVector position{};
  AxisVector velocity{};
  AxisVector disturbance{};      // acceleration by external torque, rad/s2 or m/s2
  AxisVector external_torque{};  // N m or N
};

struct EstimatorCounts {
  std::uint64_t outliers = 0;  // measurements (position or velocity of an axis) that the gate refused
  std::uint64_t refused = 0;   // samples that were not finite or too old
  std::uint64_t reseeded = 0;  // times that an axis began anew from its measurement
};

class Estimator {
 public:
  explicit Estimator(const RobotModel& model) noexcept;

  // Begin anew: the arm is here, and nothing presses on it. Not finite: refused.
  void reset(const AxisVector& position, const AxisVector& velocity) noexcept;

  // Time passes: `cycles` periods (>= 1), with the mean torque of the motors in them. Also for cycles whose sample was
  // lost, then with the last torque. Not finite: the last torque holds.
  void predict(const AxisVector& torque, std::uint32_t cycles) noexcept;
  void predict(std::uint32_t cycles) noexcept;

  // A sample that was measured `age_cycles` ago (0: at the time that `predict` reached). A measurement that is farther
  // off than the gate is left out; after ten of an axis in a row the axis begins anew from it. The first one seeds.
  void correct(const AxisVector& position, const AxisVector& velocity, std::uint32_t age_cycles) noexcept;

  [[nodiscard]] const Estimate& estimate() const noexcept { return estimate_; }
  [[nodiscard]] const EstimatorCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] RigidBody& rigid_body() noexcept { return body_; }

  // Of (position, velocity, disturbance) of an axis.
  [[nodiscard]] const Eigen::Matrix3d& covariance(std::size_t axis) const noexcept { return covariance_[axis]; }

 private:
  void seed(std::size_t axis, double position, double velocity) noexcept;
  [[nodiscard]] bool correct_by(std::size_t axis, const Eigen::Vector3d& row, double innovation,
                                double variance) noexcept;
  void correct_axis(std::size_t axis, double position, double velocity, double age_s) noexcept;
  void find_external_torque() noexcept;

  Kinematics kinematics_;
  RigidBody body_;
  double period_s_;
  double position_variance_;
  double velocity_variance_;
  double acceleration_density_;  // of white acceleration noise
  double walk_density_;
  double gate_;
  AxisVector acceleration_limit_;

  bool seeded_ = false;
  AxisVector torque_{};
  AxisVector model_acceleration_{};
  std::array<Eigen::Matrix3d, kMaxAxes> covariance_;
  std::array<std::uint32_t, kMaxAxes> outliers_in_a_row_{};
  MassMatrix mass_matrix_;
  Estimate estimate_;
  EstimatorCounts counts_;
};

}  // namespace dynamical::rt
