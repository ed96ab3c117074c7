#include "rt_control/clearance.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "rt_control/limits.hpp"

namespace dynamical::rt {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Nothing comes to rest nearer than this, beyond what must be left. It is the room in which what is near may move along
// or away: between two places the bound takes off what the motion itself adds.
constexpr double kRoom_m = 1e-3;
constexpr double kRounding_m = 1e-9;

Eigen::Vector3d vector_of(const std::array<double, 3>& value) { return {value[0], value[1], value[2]}; }

// From a segment of some length to a point.
double distance_to(const Segment& segment, const Eigen::Vector3d& point) {
  const Eigen::Vector3d along = segment.end - segment.begin;
  const double share = std::clamp((point - segment.begin).dot(along) / along.squaredNorm(), 0.0, 1.0);
  return (segment.begin + share * along - point).norm();
}

// Of a point to a box, squared; 0 inside.
double square_outside(const Eigen::Vector3d& point, const Eigen::Vector3d& lower, const Eigen::Vector3d& upper) {
  return (lower - point).cwiseMax(point - upper).cwiseMax(0.0).squaredNorm();
}

}  // namespace

// Ericson, "Real-Time Collision Detection", 2005, 5.1.9. Of segments that are nearly parallel the crossing is not
// known, but then an end of one of them is as near as any.
double distance_between(const Segment& one, const Segment& other) noexcept {
  constexpr double kPoint = 1e-18;
  constexpr double kParallel = 1e-12;
  const Eigen::Vector3d along_one = one.end - one.begin;
  const Eigen::Vector3d along_other = other.end - other.begin;
  const Eigen::Vector3d apart = one.begin - other.begin;
  const double a = along_one.squaredNorm();
  const double e = along_other.squaredNorm();
  const double f = along_other.dot(apart);
  double s = 0;
  double t = 0;
  if (a <= kPoint) {
    t = e <= kPoint ? 0 : std::clamp(f / e, 0.0, 1.0);
  } else {
    const double c = along_one.dot(apart);
    if (e <= kPoint) {
      s = std::clamp(-c / a, 0.0, 1.0);
    } else {
      const double b = along_one.dot(along_other);
      const double square = a * e - b * b;
      if (square <= kParallel * a * e) {
        return std::min({distance_to(one, other.begin), distance_to(one, other.end), distance_to(other, one.begin),
                         distance_to(other, one.end)});
      }
      s = std::clamp((b * f - c * e) / square, 0.0, 1.0);
      t = (b * s + f) / e;
      if (t < 0) {
        t = 0;
        s = std::clamp(-c / a, 0.0, 1.0);
      } else if (t > 1) {
        t = 1;
        s = std::clamp((b - c) / a, 0.0, 1.0);
      }
    }
  }
  return (apart + s * along_one - t * along_other).norm();
}

double distance_outside(const Segment& segment, const Eigen::Vector3d& lower, const Eigen::Vector3d& upper) noexcept {
  // Apart along one of the box's directions, or in none: then it is inside, or passes an edge.
  const Eigen::Vector3d least = segment.begin.cwiseMin(segment.end);
  const Eigen::Vector3d most = segment.begin.cwiseMax(segment.end);
  const Eigen::Vector3d gap = (lower - most).cwiseMax(least - upper);
  Eigen::Index side = 0;
  const double along = gap.maxCoeff(&side);
  // Right in front of a side of the box there is nothing nearer.
  const auto is_between = [&](Eigen::Index other) {
    return other == side || (least(other) >= lower(other) && most(other) <= upper(other));
  };
  if (along > 0 && is_between(0) && is_between(1) && is_between(2)) {
    return along;
  }
  // The distance of a point of the segment to the box is convex: thirds bring its least place in.
  constexpr int kRounds = 14;
  const Eigen::Vector3d way = segment.end - segment.begin;
  double low = 0;
  double high = 1;
  for (int round = 0; round < kRounds; ++round) {
    const double left = low + (high - low) / 3;
    const double right = high - (high - low) / 3;
    if (square_outside(segment.begin + left * way, lower, upper) <=
        square_outside(segment.begin + right * way, lower, upper)) {
      high = right;
    } else {
      low = left;
    }
  }
  const double nearest = std::sqrt(square_outside(segment.begin + (low + high) / 2 * way, lower, upper));
  // The least place is within what is left of the segment, so the distance there is no less than this.
  const double sure = nearest - (high - low) / 2 * way.norm();
  return along > 0 ? std::max(along, sure) : (sure > 0 ? sure : along);
}

double distance_inside(const Segment& segment, const Eigen::Vector3d& lower, const Eigen::Vector3d& upper) noexcept {
  return std::min((segment.begin.cwiseMin(segment.end) - lower).minCoeff(),
                  (upper - segment.begin.cwiseMax(segment.end)).minCoeff());
}

Clearance::Clearance(const RobotModel& model) noexcept
    : kinematics_(model),
      arm_axes_(model.arm_axes),
      capsules_(model),
      lost_s_(kLostCycles * static_cast<double>(model.period_ns) * 1e-9),
      acceleration_(model.acceleration),
      jerk_(model.jerk) {
  far_until_.fill(-kInfinity);
  for (std::size_t index = 0; index < capsules_.count(); ++index) {
    const Capsule& capsule = model.capsule[index];
    const Segment& own = capsules_.own(index);
    // From an axis to the part, at most: over the joints in between, however they stand.
    double reach = std::max(own.begin.norm(), own.end.norm());
    for (std::int32_t axis = capsule.link; axis >= 0; --axis) {
      const auto joint = static_cast<std::size_t>(axis);
      lever_[index][joint] = model.kind[joint] == AxisKind::revolute ? reach : 1.0;
      reach += vector_of(model.position_parent[joint]).norm();
      if (model.kind[joint] == AxisKind::prismatic) {
        reach += std::max(std::abs(model.lower[joint]), std::abs(model.upper[joint]));
      }
    }
  }
  for (std::size_t index = 0; index < model.zones; ++index) {
    lower_[index] = vector_of(model.zone[index].lower);
    upper_[index] = vector_of(model.zone[index].upper);
    kind_[index] = model.zone[index].kind;
  }
  for (std::size_t index = 0; index < model.pairs; ++index) {
    const CapsulePair& pair = model.pair[index];
    const Capsule& first = model.capsule[pair.first];
    const Capsule& second = model.capsule[pair.second];
    guard_[guards_++] = {static_cast<std::uint16_t>(pair.second),
                         static_cast<std::uint16_t>(pair.first),
                         false,
                         static_cast<std::size_t>(first.link + 1),
                         first.radius + second.radius,
                         first.radius + second.radius + model.self_clearance_m};
  }
  for (std::size_t zone = 0; zone < model.zones; ++zone) {
    for (std::size_t index = 0; index < capsules_.count(); ++index) {
      if (model.capsule[index].link != kBaseLink) {
        guard_[guards_++] = {static_cast<std::uint16_t>(index), static_cast<std::uint16_t>(zone), true, 0,
                             model.capsule[index].radius,       model.capsule[index].radius};
      }
    }
  }
  for (std::size_t index = 0; index < guards_; ++index) {
    sum_at_[index] = static_cast<std::uint16_t>(guard_[index].moving * kMaxAxes + guard_[index].first_axis);
  }
}

void Clearance::stand(const AxisVector& position, const Segments& segments) noexcept {
  if (guards_ == 0) {
    return;
  }
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    travelled_[axis] += std::abs(position[axis] - stands_at_[axis]);
  }
  stands_at_ = position;
  stands_ = segments;
}

// Between the axes of the capsules, or from the axis to the zone.
double Clearance::distance(const Guard& guard, const Segments& segments) const noexcept {
  const Segment& moving = segments[guard.moving];
  if (!guard.is_zone) {
    return distance_between(moving, segments[guard.other]);
  }
  const Eigen::Vector3d& lower = lower_[guard.other];
  const Eigen::Vector3d& upper = upper_[guard.other];
  return kind_[guard.other] == ZoneKind::keep_out ? distance_outside(moving, lower, upper)
                                                  : distance_inside(moving, lower, upper);
}

double Clearance::shrinks_by(const Guard& guard, const AxisVector& ways) const noexcept {
  double sum = 0;
  for (auto axis = guard.first_axis; axis <= static_cast<std::size_t>(capsules_.link(guard.moving)); ++axis) {
    sum += lever_[guard.moving][axis] * ways[axis];
  }
  return sum;
}

void Clearance::sum_ways(const AxisVector& ways, Sums& sums) const noexcept {
  for (std::size_t index = 0; index < capsules_.count(); ++index) {
    double sum = 0;
    for (std::int32_t axis = capsules_.link(index); axis >= 0; --axis) {
      sum += lever_[index][static_cast<std::size_t>(axis)] * ways[static_cast<std::size_t>(axis)];
      sums[index * kMaxAxes + static_cast<std::size_t>(axis)] = sum;
    }
  }
}

// Up to which ways from the beginning on the distance is surely large enough, as the arm stands now.
void Clearance::look_again(std::size_t index) noexcept {
  const Guard& guard = guard_[index];
  far_until_[index] = shrinks_by(guard, travelled_) + distance(guard, stands_) - guard.needed_m - kRoom_m;
}

ClearanceFinding Clearance::check(const AxisStates& next) noexcept {
  if (guards_ == 0) {
    return {};
  }
  Ways ways;
  AxisVector all{};
  std::array<StopProfile, kMaxAxes> stops;
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    const AxisState& state = next[axis];
    stops[axis] = StopProfile(state, acceleration_[axis], jerk_[axis]);
    const Reach reach = stops[axis].reach();
    const double rest = stops[axis].rest_position();
    // A stop turns round once at most, before it brakes.
    const double out = std::max(reach.highest - std::max(state.position, rest), 0.0) +
                       std::max(std::min(state.position, rest) - reach.lowest, 0.0);
    ways.back[axis] = 2 * out;
    ways.lost[axis] = lost_s_ * std::max(reach.fastest, -reach.slowest);
    all[axis] = travelled_[axis] + std::abs(state.position - stands_at_[axis]) + std::abs(rest - state.position) +
                ways.back[axis] + ways.lost[axis];
  }
  Sums sums;
  sum_ways(all, sums);
  std::array<std::uint16_t, kMaxGuards> near;
  std::size_t count = 0;
  for (std::size_t index = 0; index < guards_; ++index) {
    const double sum = sums[sum_at_[index]];
    if (sum <= far_until_[index]) {
      continue;  // seen to be far, and the arm has not gone as far as that since
    }
    look_again(index);
    if (sum > far_until_[index]) {
      near[count++] = static_cast<std::uint16_t>(index);
    }
  }
  return count == 0 ? ClearanceFinding{} : walk({near.data(), count}, stops, ways);
}

// Looks at the near ones along the stop.
ClearanceFinding Clearance::walk(std::span<const std::uint16_t> near, const std::array<StopProfile, kMaxAxes>& stops,
                                 const Ways& ways) noexcept {
  double duration_s = 0;
  for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
    duration_s = std::max(duration_s, stops[axis].duration_s());
  }
  std::array<double, kMaxGuards> here;
  std::array<double, kMaxGuards> before;
  for (std::size_t item = 0; item < near.size(); ++item) {
    here[item] = before[item] = distance(guard_[near[item]], stands_);
  }
  AxisVector position = stands_at_;
  for (std::size_t step = 1; step <= kPlaces; ++step) {
    AxisVector way{};
    for (std::size_t axis = 0; axis < arm_axes_; ++axis) {
      const double there = stops[axis].at(duration_s * static_cast<double>(step) / kPlaces).position;
      way[axis] = std::abs(there - position[axis]) + ways.back[axis];
      if (step == 1) {
        const double first = stops[axis].at(0).position;
        way[axis] = std::abs(first - position[axis]) + std::abs(there - first) + ways.back[axis];
      }
      position[axis] = there;
    }
    ChainPose chain;
    Segments segments;
    kinematics_.place(position, chain);
    capsules_.place(chain, segments);
    for (std::size_t item = 0; item < near.size(); ++item) {
      const Guard& guard = guard_[near[item]];
      const double now = distance(guard, segments);
      const double sure = (before[item] + now - shrinks_by(guard, way)) / 2 - shrinks_by(guard, ways.lost);
      // What is nearer than it must be may not come nearer, but for that room on its way.
      const double promised =
          here[item] < guard.needed_m - kRounding_m ? here[item] - kRoom_m : guard.needed_m - kRounding_m;
      const bool is_sure = sure >= promised;
      const double kept = std::min(here[item] - kRounding_m, guard.needed_m + kRoom_m);
      if (!(is_sure && now >= kept)) {
        const Constraint by = guard.is_zone ? Constraint::workspace : Constraint::self_collision;
        const auto& [distance_m, needed_m] = is_sure ? std::pair{now, kept} : std::pair{sure, promised};
        return {false, by, capsules_.link(guard.moving), distance_m - guard.radii_m, needed_m - guard.radii_m};
      }
      before[item] = now;
    }
  }
  return {};
}

double Clearance::least_m() const noexcept {
  double least = kInfinity;
  for (std::size_t index = 0; index < guards_; ++index) {
    least = std::min(least, distance(guard_[index], stands_) - guard_[index].needed_m);
  }
  return least;
}

}  // namespace dynamical::rt
