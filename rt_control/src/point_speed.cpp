#include "rt_control/point_speed.hpp"

#include <Eigen/Geometry>

namespace dynamical::rt {

PointSpeed::PointSpeed(const RobotModel& model) noexcept : arm_axes_(model.arm_axes), kind_(model.kind), point_{} {
  add(model.arm_axes - 1, model.tcp_position);
  for (std::size_t index = 0; index < model.capsules; ++index) {
    const Capsule& capsule = model.capsule[index];
    if (capsule.link != kBaseLink) {
      add(static_cast<std::size_t>(capsule.link), capsule.begin);
      add(static_cast<std::size_t>(capsule.link), capsule.end);
    }
  }
}

void PointSpeed::add(std::size_t link, const std::array<double, 3>& place) noexcept {
  const Point point{link, {place[0], place[1], place[2]}};
  const auto last = point_.begin() + static_cast<std::ptrdiff_t>(points_);
  const bool known = std::any_of(point_.begin(), last,
                                 [&](const Point& other) { return other.link == link && other.place == point.place; });
  if (!known) {
    point_[points_++] = point;
  }
}

void PointSpeed::of(const ChainPose& chain, const AxisVector& velocity, Velocities& result) const noexcept {
  std::array<Eigen::Vector3d, kMaxAxes> rate;    // of each link
  std::array<Eigen::Vector3d, kMaxAxes> linear;  // of each link's origin
  Eigen::Vector3d rate_before = Eigen::Vector3d::Zero();
  Eigen::Vector3d linear_before = Eigen::Vector3d::Zero();
  Eigen::Vector3d place_before = Eigen::Vector3d::Zero();
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    const Eigen::Vector3d& place = chain.link[axis].position;
    rate[axis] = rate_before;
    linear[axis] = linear_before + rate_before.cross(place - place_before);
    if (kind_[axis] == AxisKind::revolute) {
      rate[axis] += velocity[axis] * chain.direction[axis];
    } else {
      linear[axis] += velocity[axis] * chain.direction[axis];
    }
    rate_before = rate[axis];
    linear_before = linear[axis];
    place_before = place;
  }
  for (std::size_t index = 0; index < points_; ++index) {
    const Point& point = point_[index];
    const Eigen::Vector3d arm = chain.link[point.link].rotation * point.place;
    result[index] = linear[point.link] + rate[point.link].cross(arm);
  }
}

double PointSpeed::fastest(const ChainPose& chain, const AxisVector& velocity) const noexcept {
  Velocities velocities;
  of(chain, velocity, velocities);
  double square = 0;
  for (std::size_t index = 0; index < points_; ++index) {
    square = std::max(square, velocities[index].squaredNorm());
  }
  return std::sqrt(square);
}

}  // namespace dynamical::rt
