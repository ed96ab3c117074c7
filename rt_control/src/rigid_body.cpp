#include "rt_control/rigid_body.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

namespace dynamical::rt {
namespace {

Eigen::Vector3d vector_of(const std::array<double, 3>& value) { return {value[0], value[1], value[2]}; }

Eigen::Matrix3d symmetric(const std::array<double, 6>& value) {
  const auto& [xx, yy, zz, xy, xz, yz] = value;
  Eigen::Matrix3d result;
  result << xx, xy, xz, xy, yy, yz, xz, yz, zz;
  return result;
}

// Dry friction takes its full value from this speed on, rad/s or m/s; below it the direction is not sure.
constexpr double kSliding = 0.01;

double sliding(double velocity) { return std::clamp(velocity / kSliding, -1.0, 1.0); }

Eigen::Vector3d origin_before(const ChainPose& chain, std::size_t axis) {
  return axis == 0 ? Eigen::Vector3d::Zero().eval() : chain.link[axis - 1].position;
}

}  // namespace

RigidBody::RigidBody(const RobotModel& model) noexcept
    : arm_axes_(model.arm_axes),
      kind_(model.kind),
      mass_(model.mass),
      centre_{},
      inertia_{},
      armature_(model.armature),
      damping_(model.damping),
      dry_friction_(model.dry_friction),
      gravity_(vector_of(model.gravity)) {
  for (std::size_t axis = 0; axis < kMaxAxes; ++axis) {
    centre_[axis] = vector_of(model.centre_of_mass[axis]);
    inertia_[axis] = symmetric(model.inertia[axis]);
  }
}

void RigidBody::move(const ChainPose& chain, const AxisVector& velocity, const AxisVector& acceleration,
                     const Eigen::Vector3d& gravity, Motion& motion) const noexcept {
  Eigen::Vector3d rate = Eigen::Vector3d::Zero();
  Eigen::Vector3d angular = Eigen::Vector3d::Zero();
  Eigen::Vector3d linear = -gravity;  // a base that falls upwards feels the same
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    const Eigen::Vector3d way = chain.link[axis].position - origin_before(chain, axis);
    const Eigen::Vector3d& direction = chain.direction[axis];
    linear += angular.cross(way) + rate.cross(rate.cross(way));
    const Eigen::Vector3d turned = rate.cross(direction) * velocity[axis];
    if (kind_[axis] == AxisKind::revolute) {
      angular += direction * acceleration[axis] + turned;
      rate += direction * velocity[axis];
    } else {
      linear += direction * acceleration[axis] + 2 * turned;
    }
    motion.rate[axis] = rate;
    motion.angular[axis] = angular;
    motion.linear[axis] = linear;
  }
}

RigidBody::Wrench RigidBody::wrench_of(const ChainPose& chain, const Motion& motion, std::size_t axis,
                                       const Eigen::Vector3d& centre) const noexcept {
  const Eigen::Vector3d& rate = motion.rate[axis];
  const Eigen::Vector3d& angular = motion.angular[axis];
  const Eigen::Matrix3d& rotation = chain.link[axis].rotation;
  const Eigen::Vector3d rate_link = rotation.transpose() * rate;
  const Eigen::Vector3d angular_link = rotation.transpose() * angular;
  const Eigen::Vector3d spin = inertia_[axis] * rate_link;
  const Eigen::Vector3d moment_link = inertia_[axis] * angular_link + rate_link.cross(spin);
  return {mass_[axis] * (motion.linear[axis] + angular.cross(centre) + rate.cross(rate.cross(centre))),
          rotation * moment_link};
}

void RigidBody::torque_of(const ChainPose& chain, const Motion& motion, AxisVector& torque) const noexcept {
  torque.fill(0.0);
  Eigen::Vector3d force = Eigen::Vector3d::Zero();
  Eigen::Vector3d moment = Eigen::Vector3d::Zero();  // about the origin of the axis at hand
  for (std::size_t axis = arm_axes_; axis-- > 0;) {
    const Eigen::Vector3d centre = chain.link[axis].rotation * centre_[axis];
    const Wrench wrench = wrench_of(chain, motion, axis, centre);
    force += wrench.force;
    moment += wrench.moment + centre.cross(wrench.force);
    torque[axis] = chain.direction[axis].dot(kind_[axis] == AxisKind::revolute ? moment : force);
    moment += (chain.link[axis].position - origin_before(chain, axis)).cross(force);
  }
}

void RigidBody::inverse_dynamics(const ChainPose& chain, const AxisVector& velocity, const AxisVector& acceleration,
                                 AxisVector& torque) const noexcept {
  Motion motion;
  move(chain, velocity, acceleration, gravity_, motion);
  torque_of(chain, motion, torque);
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    torque[axis] += armature_[axis] * acceleration[axis];
  }
}

void RigidBody::bias_torque(const ChainPose& chain, const AxisVector& velocity, AxisVector& torque) const noexcept {
  inverse_dynamics(chain, velocity, AxisVector{}, torque);
}

void RigidBody::gravity_torque(const ChainPose& chain, AxisVector& torque) const noexcept {
  torque.fill(0.0);
  Eigen::Vector3d weight_moment = Eigen::Vector3d::Zero();
  double mass = 0;
  for (std::size_t axis = arm_axes_; axis-- > 0;) {
    mass += mass_[axis];
    weight_moment += mass_[axis] * (chain.link[axis].rotation * centre_[axis]);
    const Eigen::Vector3d& direction = chain.direction[axis];
    torque[axis] = kind_[axis] == AxisKind::revolute ? -direction.dot(weight_moment.cross(gravity_))
                                                     : -mass * direction.dot(gravity_);
    weight_moment += mass * (chain.link[axis].position - origin_before(chain, axis));
  }
}

void RigidBody::coriolis_torque(const ChainPose& chain, const AxisVector& velocity, AxisVector& torque) const noexcept {
  Motion motion;
  move(chain, velocity, AxisVector{}, Eigen::Vector3d::Zero(), motion);
  torque_of(chain, motion, torque);
}

// With the motion S of an axis, the velocity V of its link and the momentum H of all that it carries, M v is S . H, and
// C^T v, the derivative of the kinetic energy by the position, is (V x S) . H: one pass, and no matrix.
void RigidBody::momentum(const ChainPose& chain, const AxisVector& velocity, Momentum& result) const noexcept {
  result.momentum.fill(0.0);
  result.coriolis_transposed.fill(0.0);
  std::array<Eigen::Vector3d, kMaxAxes> rate;
  std::array<Eigen::Vector3d, kMaxAxes> linear;
  Eigen::Vector3d link_rate = Eigen::Vector3d::Zero();
  Eigen::Vector3d link_linear = Eigen::Vector3d::Zero();
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    link_linear += link_rate.cross(chain.link[axis].position - origin_before(chain, axis));
    (kind_[axis] == AxisKind::revolute ? link_rate : link_linear) += chain.direction[axis] * velocity[axis];
    rate[axis] = link_rate;
    linear[axis] = link_linear;
  }
  Eigen::Vector3d push = Eigen::Vector3d::Zero();
  Eigen::Vector3d spin = Eigen::Vector3d::Zero();  // about the origin of the axis at hand
  for (std::size_t axis = arm_axes_; axis-- > 0;) {
    const Eigen::Matrix3d& rotation = chain.link[axis].rotation;
    const Eigen::Vector3d centre = rotation * centre_[axis];
    const Eigen::Vector3d own = mass_[axis] * (linear[axis] + rate[axis].cross(centre));
    push += own;
    spin += rotation * (inertia_[axis] * (rotation.transpose() * rate[axis])) + centre.cross(own);
    const Eigen::Vector3d& direction = chain.direction[axis];
    const Eigen::Vector3d turned = rate[axis].cross(direction);
    if (kind_[axis] == AxisKind::revolute) {
      result.momentum[axis] = direction.dot(spin);
      result.coriolis_transposed[axis] = turned.dot(spin) + linear[axis].cross(direction).dot(push);
    } else {
      result.momentum[axis] = direction.dot(push);
      result.coriolis_transposed[axis] = turned.dot(push);
    }
    result.momentum[axis] += armature_[axis] * velocity[axis];
    spin += (chain.link[axis].position - origin_before(chain, axis)).cross(push);
  }
}

void RigidBody::mass_matrix(const ChainPose& chain, MassMatrix& result) const noexcept {
  result.setZero();
  // What an axis carries, about its origin.
  double mass = 0;
  Eigen::Vector3d first = Eigen::Vector3d::Zero();
  Eigen::Matrix3d inertia = Eigen::Matrix3d::Zero();
  for (std::size_t axis = arm_axes_; axis-- > 0;) {
    const Eigen::Matrix3d& rotation = chain.link[axis].rotation;
    const Eigen::Vector3d centre = rotation * centre_[axis];
    mass += mass_[axis];
    first += mass_[axis] * centre;
    inertia += rotation * inertia_[axis] * rotation.transpose();
    inertia += mass_[axis] * (centre.squaredNorm() * Eigen::Matrix3d::Identity() - centre * centre.transpose());
    const Eigen::Vector3d& direction = chain.direction[axis];
    const bool turns = kind_[axis] == AxisKind::revolute;
    const Eigen::Vector3d push = turns ? direction.cross(first).eval() : (mass * direction).eval();
    Eigen::Vector3d spin = turns ? (inertia * direction).eval() : first.cross(direction).eval();
    const auto column = static_cast<Eigen::Index>(axis);
    for (std::size_t other = axis + 1; other-- > 0;) {
      const auto row = static_cast<Eigen::Index>(other);
      const double value = chain.direction[other].dot(kind_[other] == AxisKind::revolute ? spin : push);
      result(row, column) = value;
      result(column, row) = value;
      spin += (chain.link[other].position - origin_before(chain, other)).cross(push);
    }
    result(column, column) += armature_[axis];
    const Eigen::Vector3d way = chain.link[axis].position - origin_before(chain, axis);
    const Eigen::Matrix3d mixed = way * first.transpose();
    inertia += (mass * way.squaredNorm() + 2 * first.dot(way)) * Eigen::Matrix3d::Identity() -
               mass * way * way.transpose() - mixed - mixed.transpose();
    first += mass * way;
  }
}

bool RigidBody::forward_dynamics(const ChainPose& chain, const MassMatrix& mass_matrix, const AxisVector& velocity,
                                 const AxisVector& torque, AxisVector& acceleration) const noexcept {
  bias_torque(chain, velocity, acceleration);
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    acceleration[axis] = torque[axis] - acceleration[axis];
  }
  return solve_positive(mass_matrix, arm_axes_, acceleration);
}

Eigen::Vector3d RigidBody::torque_magnitude(const ChainPose& chain, const AxisVector& velocity,
                                            const AxisVector& acceleration, AxisVector& magnitude) const noexcept {
  magnitude.fill(0.0);
  Motion motion;
  move(chain, velocity, acceleration, gravity_, motion);
  for (std::size_t link = 0; link < arm_axes_; ++link) {
    const Eigen::Vector3d centre = chain.link[link].rotation * centre_[link];
    const Wrench wrench = wrench_of(chain, motion, link, centre);
    const Eigen::Vector3d point = chain.link[link].position + centre;
    for (std::size_t axis = 0; axis <= link; ++axis) {
      const Eigen::Vector3d& direction = chain.direction[axis];
      if (kind_[axis] == AxisKind::revolute) {
        magnitude[axis] += std::abs(direction.cross(point - chain.link[axis].position).dot(wrench.force)) +
                           std::abs(direction.dot(wrench.moment));
      } else {
        magnitude[axis] += std::abs(direction.dot(wrench.force));
      }
    }
    magnitude[link] += std::abs(armature_[link] * acceleration[link]);
  }
  const std::size_t last = arm_axes_ - 1;
  const Eigen::Vector3d arm = chain.tcp.position - chain.link[last].position;
  const Eigen::Vector3d& rate = motion.rate[last];
  return motion.linear[last] + motion.angular[last].cross(arm) + rate.cross(rate.cross(arm));
}

void RigidBody::friction_torque(const AxisVector& velocity, AxisVector& torque) const noexcept {
  torque.fill(0.0);
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    torque[axis] = damping_[axis] * velocity[axis] + dry_friction_[axis] * sliding(velocity[axis]);
  }
}

void RigidBody::friction_doubt(const AxisVector& velocity, double share, AxisVector& torque) const noexcept {
  torque.fill(0.0);
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    const double unsure = 1.0 - std::abs(sliding(velocity[axis]));
    torque[axis] = share * (damping_[axis] * std::abs(velocity[axis]) + dry_friction_[axis]) +
                   (1.0 + share) * dry_friction_[axis] * unsure;
  }
}

bool solve_positive(const MassMatrix& matrix, std::size_t size, AxisVector& vector) noexcept {
  std::array<std::array<double, kMaxAxes>, kMaxAxes> factor;
  for (std::size_t row = 0; row < size; ++row) {
    double value = vector[row];
    for (std::size_t column = 0; column <= row; ++column) {
      double entry = matrix(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(column));
      for (std::size_t inner = 0; inner < column; ++inner) {
        entry -= factor[row][inner] * factor[column][inner];
      }
      if (column < row) {
        factor[row][column] = entry / factor[column][column];
        value -= factor[row][column] * vector[column];
      } else if (entry > 0) {
        factor[row][row] = std::sqrt(entry);
      } else {
        return false;
      }
    }
    vector[row] = value / factor[row][row];
  }
  for (std::size_t row = size; row-- > 0;) {
    for (std::size_t below = row + 1; below < size; ++below) {
      vector[row] -= factor[below][row] * vector[below];
    }
    vector[row] /= factor[row][row];
  }
  return true;
}

}  // namespace dynamical::rt
