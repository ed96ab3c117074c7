// The reference that the drives follow: one cycle further along a command, or one cycle nearer to rest, always within
// the limits of every axis, slowed down as the care that is due asks (how far: docs/shield.md), and always so that the
// shortest stop of each axis that is in hand keeps the arm clear of itself and of the zones: that stop was checked
// before it was needed.
#pragma once

#include "rt_control/care.hpp"
#include "rt_control/chunk.hpp"
#include "rt_control/clearance.hpp"
#include "rt_control/kinematics.hpp"
#include "rt_control/limits.hpp"
#include "rt_control/point_speed.hpp"
#include "rt_control/rigid_body.hpp"

namespace dynamical::rt {

struct Reference {
  AxisVector position{};
  AxisVector velocity{};
  AxisVector acceleration{};  // at this moment; the mean of the last cycle may differ by half a cycle's jerk
};

class Motion {
 public:
  explicit Motion(const RobotModel& model) noexcept;

  // Stands at the measured position: where no motion has begun, or the drives do not follow.
  void seed(const AxisVector& position) noexcept;

  // Sets the time of the reference, where it stands and nothing follows it.
  void set_time(std::int64_t now_ns) noexcept { time_ns_ = now_ns; }

  // Time of the reference (State::trajectory_ns): each step adds a period, or what of it a scaled motion makes.
  [[nodiscard]] std::int64_t time_ns() const noexcept { return time_ns_; }

  // One cycle along the command. Returns the last check that overrode it, or else what scaled it most; `none` if
  // nothing did.
  [[nodiscard]] Intervention follow(const Command& command, const Care& care) noexcept;

  // One cycle of the shortest stop that keeps the direction of the motion, or of the one in hand where only that is
  // clear; nothing once at rest.
  void brake() noexcept;

  [[nodiscard]] bool at_rest() const noexcept;
  [[nodiscard]] const Reference& reference() const noexcept { return reference_; }

 private:
  struct Binding {
    Constraint constraint = Constraint::none;
    std::int32_t axis = -1;
    double ratio = 1.0;  // admitted / requested
    double requested = 0.0;
    double limit = 0.0;
    void take(Constraint by, std::int32_t which, double wanted, double allowed) noexcept;
  };

  [[nodiscard]] double brake_share() const noexcept;
  [[nodiscard]] double axis_braking_share(std::size_t axis) const noexcept;
  void stand() noexcept;
  [[nodiscard]] AccelerationRange accelerations_of(std::size_t axis) const noexcept;
  [[nodiscard]] AxisState state_of(std::size_t axis) const noexcept;
  [[nodiscard]] AxisStates admit(const AxisVector& velocity, double speed_scale, Intervention& intervention,
                                 bool explain) const noexcept;
  [[nodiscard]] AxisStates braked() const noexcept;
  [[nodiscard]] AxisStates mixed(double share) const noexcept;
  [[nodiscard]] AxisVector peak_velocities(const AxisStates& states) const noexcept;
  [[nodiscard]] AxisVector torque_of(const AxisStates& next) const noexcept;
  [[nodiscard]] double hold_torque(Intervention& intervention) noexcept;
  [[nodiscard]] double keep_clear(Intervention& intervention) noexcept;
  void step() noexcept;
  [[nodiscard]] double time_along(const Command& command) const noexcept;
  [[nodiscard]] Binding axis_binding(const AxisVector& velocity, const Care& care, bool braking_counts) const noexcept;
  void advance_path(const Command& command, const Care& care, Sample& here, Sample& target, Binding& binding) noexcept;
  void hold_speed(const Care& care, Intervention& intervention) noexcept;
  [[nodiscard]] AxisLimits limits_of(std::size_t axis) const noexcept;

  RobotModel model_;
  Kinematics kinematics_;
  RigidBody body_;
  Capsules capsules_;
  PointSpeed speed_;
  Clearance clearance_;
  ChainPose chain_{};  // at the reference
  Segments segments_{};
  double period_;
  Reference reference_;
  AxisVector mean_acceleration_{};  // of the last cycle
  AxisStates stop_{};               // the next ones of the stop in hand
  AxisStates wanted_{};             // the next ones that are wanted, viable
  std::int64_t time_ns_ = 0;
  double path_rate_ = 0;    // path seconds per second; 1 when nothing scales
  double braked_rate_ = 0;  // the least that it can be after this cycle
};

}  // namespace dynamical::rt
