// Forward kinematics and Jacobian of the arm's serial chain.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>

#include "rt_control/model.hpp"

namespace dynamical::rt {

struct Pose {
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d position = Eigen::Vector3d::Zero();
};

// The chain at one position of the axes, all in the base frame.
struct ChainPose {
  std::array<Pose, kMaxAxes> link;                  // frame of each arm axis, after its motion
  std::array<Eigen::Vector3d, kMaxAxes> direction;  // about or along which it moves
  Pose tcp;
};

using Jacobian = Eigen::Matrix<double, 6, Eigen::Dynamic, Eigen::ColMajor, 6, static_cast<int>(kMaxAxes)>;

class Kinematics {
 public:
  explicit Kinematics(const RobotModel& model) noexcept;

  void place(const AxisVector& position, ChainPose& chain) const noexcept;

  // Velocity of the TCP in the base frame, m/s.
  [[nodiscard]] Eigen::Vector3d tcp_velocity(const ChainPose& chain, const AxisVector& velocity) const noexcept;

  // Rows: linear, then angular velocity of the TCP in the base frame; a column per arm axis.
  void jacobian(const ChainPose& chain, Jacobian& result) const noexcept;

  [[nodiscard]] std::size_t arm_axes() const noexcept { return arm_axes_; }

 private:
  [[nodiscard]] Eigen::Vector3d linear_column(const ChainPose& chain, std::size_t axis) const noexcept;

  std::size_t arm_axes_;
  std::array<AxisKind, kMaxAxes> kind_;
  std::array<Pose, kMaxAxes> parent_from_axis_;
  std::array<Eigen::Vector3d, kMaxAxes> axis_vector_;
  Pose tcp_;
};

// (w, x, y, z), w >= 0.
[[nodiscard]] std::array<double, 4> quaternion_of(const Eigen::Matrix3d& rotation) noexcept;

}  // namespace dynamical::rt
