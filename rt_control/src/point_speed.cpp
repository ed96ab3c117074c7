#include "rt_control/point_speed.hpp"

#include <Eigen/Geometry>

namespace dynamical::rt {

PointSpeed::PointSpeed(const RobotModel& model) noexcept
    : arm_axes_(model.arm_axes), kind_(model.kind), point_{}, way_{}, direction_{}, arm_{} {
  point_[0].link = arm_axes_ - 1;
  const Capsules capsules(model);
  const auto is_new = [&](std::int32_t link, const Eigen::Vector3d& place) {
    for (std::size_t index = 1; index < points_; ++index) {
      const Point& point = point_[index];
      const Segment& own = capsules.own(point.capsule);
      if (capsules.link(point.capsule) == link && (point.is_end ? own.end : own.begin) == place) {
        return false;
      }
    }
    return true;
  };
  for (std::size_t index = 0; index < capsules.count(); ++index) {
    const std::int32_t link = capsules.link(index);
    for (const bool is_end : {false, true}) {
      const Segment& own = capsules.own(index);
      if (link != kBaseLink && is_new(link, is_end ? own.end : own.begin)) {
        point_[points_++] = {static_cast<std::size_t>(link), index, is_end};
      }
    }
  }
}

void PointSpeed::stand(const ChainPose& chain, const Segments& segments) noexcept {
  Eigen::Vector3d before = Eigen::Vector3d::Zero();
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    way_[axis] = chain.link[axis].position - before;
    direction_[axis] = chain.direction[axis];
    before = chain.link[axis].position;
  }
  arm_[0] = chain.tcp.position - before;
  for (std::size_t index = 1; index < points_; ++index) {
    const Point& point = point_[index];
    const Segment& segment = segments[point.capsule];
    arm_[index] = (point.is_end ? segment.end : segment.begin) - chain.link[point.link].position;
  }
}

void PointSpeed::of(const AxisVector& velocity, Velocities& result) const noexcept {
  std::array<Eigen::Vector3d, kMaxAxes> rate;    // of each link
  std::array<Eigen::Vector3d, kMaxAxes> linear;  // of each link's origin
  Eigen::Vector3d rate_before = Eigen::Vector3d::Zero();
  Eigen::Vector3d linear_before = Eigen::Vector3d::Zero();
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    rate[axis] = rate_before;
    linear[axis] = linear_before + rate_before.cross(way_[axis]);
    if (kind_[axis] == AxisKind::revolute) {
      rate[axis] += velocity[axis] * direction_[axis];
    } else {
      linear[axis] += velocity[axis] * direction_[axis];
    }
    rate_before = rate[axis];
    linear_before = linear[axis];
  }
  for (std::size_t index = 0; index < points_; ++index) {
    const std::size_t link = point_[index].link;
    result[index] = linear[link] + rate[link].cross(arm_[index]);
  }
}

double PointSpeed::fastest(const AxisVector& velocity) const noexcept {
  Velocities velocities;
  of(velocity, velocities);
  double square = 0;
  for (std::size_t index = 0; index < points_; ++index) {
    square = std::max(square, velocities[index].squaredNorm());
  }
  return std::sqrt(square);
}

}  // namespace dynamical::rt
