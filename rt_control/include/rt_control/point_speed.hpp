// How fast the points of the arm move: the tool centre point, and the ends of its capsules. Between its ends no point
// of a rigid segment is faster than at one of them.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "rt_control/kinematics.hpp"
#include "rt_control/model.hpp"

namespace dynamical::rt {

class PointSpeed {
 public:
  static constexpr std::size_t kMaxPoints = 2 * kMaxCapsules + 1;
  using Velocities = std::array<Eigen::Vector3d, kMaxPoints>;

  explicit PointSpeed(const RobotModel& model) noexcept;

  [[nodiscard]] std::size_t points() const noexcept { return points_; }

  // Of every point, in the base frame, m/s, with the chain as it stands.
  void of(const ChainPose& chain, const AxisVector& velocity, Velocities& result) const noexcept;

  // Of the fastest point, m/s.
  [[nodiscard]] double fastest(const ChainPose& chain, const AxisVector& velocity) const noexcept;

 private:
  struct Point {
    std::size_t link;
    Eigen::Vector3d place;  // in the link's frame
  };

  void add(std::size_t link, const std::array<double, 3>& place) noexcept;

  std::size_t arm_axes_;
  std::array<AxisKind, kMaxAxes> kind_;
  std::array<Point, kMaxPoints> point_;
  std::size_t points_ = 0;
};

}  // namespace dynamical::rt
