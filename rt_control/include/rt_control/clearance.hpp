// Whether a motion keeps the arm clear of itself and of the zones, to the end of the stop that would follow it.
//
// Between two moments no distance shrinks by more than the ways of the axes between the two parts, each times its
// lever: the farthest that a point of the moving part can be from that axis. Hence, for what is d1 apart at one moment
// and d2 at another with such a sum of ways D between them, the distance is at least (d1 + d2 - D) / 2 all the time.
// What is far away is found clear from where the arm stands alone, and stays so until the arm has gone as far as that;
// for what is near the stop is looked at in a few places. Nothing is sampled and hoped for: what is called clear is
// clear.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rt_control/capsules.hpp"
#include "rt_control/kinematics.hpp"
#include "rt_control/model.hpp"
#include "rt_control/stop_profile.hpp"

namespace dynamical::rt {

using AxisStates = std::array<AxisState, kMaxAxes>;

// Between the nearest points of two segments, m.
[[nodiscard]] double distance_between(const Segment& one, const Segment& other) noexcept;

// From a segment to a box, m; inside it negative: a lower bound of the way out along one of the box's directions.
[[nodiscard]] double distance_outside(const Segment& segment, const Eigen::Vector3d& lower,
                                      const Eigen::Vector3d& upper) noexcept;

// From a segment to the nearest side of the box that it is in, m; negative: an end is outside.
[[nodiscard]] double distance_inside(const Segment& segment, const Eigen::Vector3d& lower,
                                     const Eigen::Vector3d& upper) noexcept;

struct ClearanceFinding {
  bool is_clear = true;
  Constraint constraint = Constraint::none;  // self_collision or workspace
  std::int32_t link = -1;                    // arm axis that moves the part
  double distance_m = 0;                     // between surfaces, that would surely be left
  double needed_m = 0;
};

class Clearance {
 public:
  explicit Clearance(const RobotModel& model) noexcept;

  // Where the arm and its capsules stand: the begin of every motion that is checked until the next call.
  void stand(const AxisVector& position, const Segments& segments) noexcept;

  // Whether the way to these next states and the shortest stop of each axis from there are clear, also when the drives
  // carry on for some lost cycles meanwhile. What is too near already may not come nearer than it is.
  [[nodiscard]] ClearanceFinding check(const AxisStates& next) noexcept;

  // Least distance over all that is watched, less what must be left, with the arm as it stands; infinite: no shapes.
  [[nodiscard]] double least_m() const noexcept;

 private:
  static constexpr std::size_t kMaxGuards = kMaxPairs + kMaxCapsules * kMaxZones;
  static constexpr std::size_t kPlaces = 4;  // at which a stop is looked at

  // Two things that must stay apart: a capsule that moves, and another one or a zone.
  struct Guard {
    std::uint16_t moving;  // capsule
    std::uint16_t other;   // capsule or zone
    bool is_zone;
    std::size_t first_axis;  // of those whose motion changes the distance
    double radii_m;          // of the capsules
    double needed_m;         // between their axes, or from the one to the zone
  };
  // By how much the distance of a capsule shrinks at most, by the first axis whose motion counts.
  using Sums = std::array<double, kMaxCapsules * kMaxAxes>;
  struct Ways {
    AxisVector back{};  // of the axis, more than the difference of positions says
    AxisVector lost{};  // during lost cycles
  };

  [[nodiscard]] double distance(const Guard& guard, const Segments& segments) const noexcept;
  [[nodiscard]] double shrinks_by(const Guard& guard, const AxisVector& ways) const noexcept;
  void sum_ways(const AxisVector& ways, Sums& sums) const noexcept;
  void look_again(std::size_t index) noexcept;
  [[nodiscard]] ClearanceFinding walk(std::span<const std::uint16_t> near,
                                      const std::array<StopProfile, kMaxAxes>& stops, const Ways& ways) noexcept;

  Kinematics kinematics_;
  std::size_t arm_axes_;
  Capsules capsules_;
  std::size_t guards_ = 0;
  double lost_s_;
  AxisVector acceleration_;
  AxisVector jerk_;
  std::array<AxisVector, kMaxCapsules> lever_{};
  std::array<Eigen::Vector3d, kMaxZones> lower_;
  std::array<Eigen::Vector3d, kMaxZones> upper_;
  std::array<ZoneKind, kMaxZones> kind_{};
  std::array<Guard, kMaxGuards> guard_{};
  std::array<std::uint16_t, kMaxGuards> sum_at_{};  // where the sum that concerns a guard is, of all of them

  AxisVector stands_at_{};
  Segments stands_{};
  AxisVector travelled_{};                    // of each axis since the beginning, rad or m
  std::array<double, kMaxGuards> far_until_;  // ways from the beginning on, times their levers, m
};

}  // namespace dynamical::rt
