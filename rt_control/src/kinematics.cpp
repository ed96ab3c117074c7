#include "rt_control/kinematics.hpp"

#include <Eigen/Geometry>
#include <cmath>

namespace dynamical::rt {
namespace {

Eigen::Vector3d vector_of(const std::array<double, 3>& value) { return {value[0], value[1], value[2]}; }

Pose pose_of(const std::array<double, 3>& position, const std::array<double, 4>& quaternion) {
  const Eigen::Quaterniond rotation(quaternion[0], quaternion[1], quaternion[2], quaternion[3]);
  return {rotation.normalized().toRotationMatrix(), vector_of(position)};
}

// Column by column: as one expression it is twice as many instructions.
Eigen::Matrix3d product(const Eigen::Matrix3d& left, const Eigen::Matrix3d& right) {
  Eigen::Matrix3d result;
  result.col(0) = left.col(0) * right(0, 0) + left.col(1) * right(1, 0) + left.col(2) * right(2, 0);
  result.col(1) = left.col(0) * right(0, 1) + left.col(1) * right(1, 1) + left.col(2) * right(2, 1);
  result.col(2) = left.col(0) * right(0, 2) + left.col(1) * right(1, 2) + left.col(2) * right(2, 2);
  return result;
}

// `before`, turned by `angle` about its own z axis: the axis of most joints.
Eigen::Matrix3d turned_about_z(const Eigen::Matrix3d& before, double angle) {
  const double sine = std::sin(angle);
  const double cosine = std::cos(angle);
  Eigen::Matrix3d result;
  result.col(0) = before.col(0) * cosine + before.col(1) * sine;
  result.col(1) = before.col(1) * cosine - before.col(0) * sine;
  result.col(2) = before.col(2);
  return result;
}

// Rotation by `angle` about the unit vector `axis` (Rodrigues).
Eigen::Matrix3d rotation_about(const Eigen::Vector3d& axis, double angle) {
  const double sine = std::sin(angle);
  const double versine = 1.0 - std::cos(angle);
  const double x = axis.x();
  const double y = axis.y();
  const double z = axis.z();
  Eigen::Matrix3d result;
  result << 1 - versine * (y * y + z * z), versine * x * y - sine * z, versine * x * z + sine * y,
      versine * x * y + sine * z, 1 - versine * (x * x + z * z), versine * y * z - sine * x, versine * x * z - sine * y,
      versine * y * z + sine * x, 1 - versine * (x * x + y * y);
  return result;
}

}  // namespace

Kinematics::Kinematics(const RobotModel& model) noexcept
    : arm_axes_(model.arm_axes),
      kind_(model.kind),
      parent_from_axis_{},
      axis_vector_{},
      tcp_(pose_of(model.tcp_position, model.tcp_quaternion)) {
  for (std::size_t axis = 0; axis < kMaxAxes; ++axis) {
    parent_from_axis_[axis] = pose_of(model.position_parent[axis], model.quaternion_parent[axis]);
    axis_vector_[axis] = vector_of(model.axis_vector[axis]).normalized();
  }
}

void Kinematics::place(const AxisVector& position, ChainPose& chain) const noexcept {
  Pose base_from_link;
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    const Pose& step = parent_from_axis_[axis];
    const Eigen::Matrix3d before = product(base_from_link.rotation, step.rotation);
    base_from_link.position += base_from_link.rotation * step.position;
    chain.direction[axis] = before * axis_vector_[axis];
    if (kind_[axis] == AxisKind::revolute) {
      base_from_link.rotation = axis_vector_[axis] == Eigen::Vector3d::UnitZ()
                                    ? turned_about_z(before, position[axis])
                                    : product(before, rotation_about(axis_vector_[axis], position[axis]));
    } else {
      base_from_link.rotation = before;
      base_from_link.position += chain.direction[axis] * position[axis];
    }
    chain.link[axis] = base_from_link;
  }
  chain.tcp.rotation = base_from_link.rotation * tcp_.rotation;
  chain.tcp.position = base_from_link.position + base_from_link.rotation * tcp_.position;
}

Eigen::Vector3d Kinematics::linear_column(const ChainPose& chain, std::size_t axis) const noexcept {
  if (kind_[axis] == AxisKind::prismatic) {
    return chain.direction[axis];
  }
  return chain.direction[axis].cross(chain.tcp.position - chain.link[axis].position);
}

Eigen::Vector3d Kinematics::tcp_velocity(const ChainPose& chain, const AxisVector& velocity) const noexcept {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    sum += linear_column(chain, axis) * velocity[axis];
  }
  return sum;
}

void Kinematics::jacobian(const ChainPose& chain, Jacobian& result) const noexcept {
  result.resize(6, static_cast<Eigen::Index>(arm_axes_));
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    const auto column = static_cast<Eigen::Index>(axis);
    result.col(column).head<3>() = linear_column(chain, axis);
    if (kind_[axis] == AxisKind::revolute) {
      result.col(column).tail<3>() = chain.direction[axis];
    } else {
      result.col(column).tail<3>().setZero();
    }
  }
}

std::array<double, 4> quaternion_of(const Eigen::Matrix3d& rotation) noexcept {
  Eigen::Quaterniond value(rotation);
  if (value.w() < 0) {
    value.coeffs() = -value.coeffs();
  }
  return {value.w(), value.x(), value.y(), value.z()};
}

}  // namespace dynamical::rt
