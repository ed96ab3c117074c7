// How fast the points of the arm move: the tool centre point, and the ends of its capsules. Between its ends no point
// of a rigid segment is faster than at one of them.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "rt_control/capsules.hpp"
#include "rt_control/kinematics.hpp"
#include "rt_control/model.hpp"

namespace dynamical::rt {

class PointSpeed {
 public:
  static constexpr std::size_t kMaxPoints = 2 * kMaxCapsules + 1;
  using Velocities = std::array<Eigen::Vector3d, kMaxPoints>;

  explicit PointSpeed(const RobotModel& model) noexcept;

  [[nodiscard]] std::size_t points() const noexcept { return points_; }

  // Where the arm and its capsules stand, until the next call.
  void stand(const ChainPose& chain, const Segments& segments) noexcept;

  // Of every point, in the base frame, m/s.
  void of(const AxisVector& velocity, Velocities& result) const noexcept;

  // Of the fastest point, m/s.
  [[nodiscard]] double fastest(const AxisVector& velocity) const noexcept;

 private:
  // An end of a capsule.
  struct Point {
    std::size_t link;
    std::size_t capsule;
    bool is_end;
  };

  std::size_t arm_axes_;
  std::array<AxisKind, kMaxAxes> kind_;
  std::array<Point, kMaxPoints> point_;
  std::size_t points_ = 1;                           // the first is the tool centre point
  std::array<Eigen::Vector3d, kMaxAxes> way_;        // of each link, from the origin of the one before
  std::array<Eigen::Vector3d, kMaxAxes> direction_;  // of each axis
  std::array<Eigen::Vector3d, kMaxPoints> arm_;      // of each point, from the origin of its link
};

}  // namespace dynamical::rt
