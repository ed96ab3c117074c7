#include "rt_control/motion.hpp"

#include <algorithm>
#include <cmath>

namespace dynamical::rt {
namespace {

// A difference below this share of the axis's velocity limit is rounding or interpolation, not an intervention.
constexpr double kWorthSaying = 1e-3;
// Share of the acceleration limit that a rising path rate may use; the path itself needs the rest.
constexpr double kRateRise = 0.5;

}  // namespace

Motion::Motion(const RobotModel& model) noexcept
    : model_(model), kinematics_(model), period_(static_cast<double>(model.period_ns) * 1e-9) {}

void Motion::seed(const AxisVector& position) noexcept {
  reference_ = Reference{};
  reference_.position = position;
  path_rate_ = 0;
}

double Motion::time_along(const Command& command) const noexcept {
  return static_cast<double>(time_ns_ - command.start_ns) * 1e-9;
}

void Motion::Binding::take(Constraint by, std::int32_t which, double wanted, double allowed) noexcept {
  if (wanted > allowed && allowed < ratio * wanted) {
    *this = {by, which, allowed / wanted, wanted, allowed};
  }
}

AxisLimits Motion::limits_of(std::size_t axis) const noexcept {
  return {model_.lower[axis], model_.upper[axis], model_.velocity[axis], model_.acceleration[axis]};
}

// Share of the arm's velocity that the shortest stop along its direction takes off in one cycle, 0..1.
double Motion::brake_share() const noexcept {
  double share = 1.0;
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    const double speed = std::abs(reference_.velocity[axis]);
    const double step = model_.acceleration[axis] * period_;
    if (speed * share > step) {
      share = step / speed;
    }
  }
  return share;
}

double Motion::tcp_speed(const AxisVector& velocity) const noexcept {
  return kinematics_.tcp_velocity(chain_, velocity).norm();
}

// How far the arm's velocities must be scaled down, all by one ratio. `braking_counts`: what braking cannot take off
// within this cycle is allowed still.
Motion::Binding Motion::path_binding(const AxisVector& velocity, const Care& care, bool braking_counts) const noexcept {
  const double kept = braking_counts ? 1.0 - brake_share() : 0.0;
  Constraint by = Constraint::velocity;
  if (care.speed_scale < 1) {
    by = care.separation_slows ? Constraint::separation : Constraint::speed_scale;
  }
  Binding binding;
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    const double allowed =
        std::max(model_.velocity[axis] * care.speed_scale, std::abs(reference_.velocity[axis]) * kept);
    binding.take(by, static_cast<std::int32_t>(axis), std::abs(velocity[axis]), allowed);
  }
  if (std::isfinite(care.tcp_speed_mps)) {
    const double allowed = std::max(care.tcp_speed_mps, tcp_speed(reference_.velocity) * kept);
    binding.take(Constraint::tcp_speed, -1, tcp_speed(velocity), allowed);
  }
  return binding;
}

// Time along the path runs slower where a limit binds, so that the robot stays on the path instead of cutting corners.
void Motion::advance_path(const Command& command, const Care& care, Sample& target, Binding& binding) noexcept {
  const Sample here = sample(command, model_.axes, time_along(command));
  binding = path_binding(here.velocity, care, false);
  double rise = 1.0;
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    const double step = kRateRise * model_.acceleration[axis] * period_;
    rise = std::min(rise, step / std::max(std::abs(here.velocity[axis]), step));
  }
  path_rate_ = std::clamp(binding.ratio, path_rate_ * (1.0 - brake_share()), path_rate_ + rise);
  time_ns_ += std::llround(path_rate_ * static_cast<double>(model_.period_ns));
  target = sample(command, model_.axes, time_along(command));
  for (double& velocity : target.velocity) {
    velocity *= path_rate_;
  }
}

Intervention Motion::follow(const Command& command, const Care& care) noexcept {
  kinematics_.place(reference_.position, chain_);
  const bool is_chunk = command.kind == CommandKind::chunk;
  Sample target;
  Binding binding;
  if (is_chunk) {
    advance_path(command, care, target, binding);
  } else {
    target = sample(command, model_.axes, 0);
    path_rate_ = 0;
    time_ns_ += model_.period_ns;
  }
  AxisVector velocity{};
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    velocity[axis] = approach(reference_.position[axis], reference_.velocity[axis], target.position[axis],
                              target.velocity[axis], model_.acceleration[axis], period_);
  }
  const Binding now = path_binding(velocity, care, true);
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    velocity[axis] *= now.ratio;
  }
  for (std::size_t axis = model_.arm_axes; axis < model_.axes; ++axis) {
    const double speed = std::abs(reference_.velocity[axis]) - model_.acceleration[axis] * period_;
    const double allowed = std::max(model_.velocity[axis] * care.speed_scale, speed);
    velocity[axis] = std::clamp(velocity[axis], -allowed, allowed);
  }
  // A stream asks for a place, not for a speed: that it takes time to get there is no intervention.
  const bool limited_by_care = now.constraint != Constraint::none && now.constraint != Constraint::velocity;
  if (now.ratio < binding.ratio && (is_chunk || limited_by_care)) {
    binding = now;
  }
  Intervention intervention{};
  intervention.axis = -1;
  if (binding.constraint != Constraint::none) {
    intervention = {binding.constraint, binding.axis,  binding.limit - binding.requested,
                    binding.requested,  binding.limit, 0};
  }
  clip(velocity, intervention, is_chunk);
  if (std::isfinite(care.tcp_speed_mps)) {
    hold_tcp_speed(velocity, std::max(care.tcp_speed_mps, tcp_speed(reference_.velocity) * (1.0 - brake_share())));
  }
  advance(velocity);
  return intervention;
}

// Brings each velocity into the range that its axis allows; explains the first time that this changes something.
void Motion::clip(AxisVector& velocity, Intervention& intervention, bool explain) const noexcept {
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    const double before = reference_.velocity[axis];
    const AxisLimits limits = limits_of(axis);
    const VelocityRange range = allowed_velocities(reference_.position[axis], before, limits, period_);
    const double wanted = velocity[axis];
    const double admitted = std::clamp(wanted, range.lower, range.upper);
    velocity[axis] = admitted;
    if (!explain || intervention.constraint != Constraint::none ||
        std::abs(wanted - admitted) <= kWorthSaying * limits.velocity) {
      continue;
    }
    intervention = {Constraint::position, static_cast<std::int32_t>(axis), 0, wanted, admitted, 0};
    const double step = limits.acceleration * period_;
    if (std::abs(admitted - before) >= step * (1 - kWorthSaying)) {
      intervention.constraint = Constraint::acceleration;
      intervention.margin = limits.acceleration - std::abs(wanted - before) / period_;
    } else if (std::abs(admitted) >= limits.velocity * (1 - kWorthSaying)) {
      intervention.constraint = Constraint::velocity;
      intervention.margin = limits.velocity - std::abs(wanted);
    } else {
      const double position = reference_.position[axis];
      intervention.margin = wanted > admitted ? limits.upper - position : position - limits.lower;
    }
  }
}

// The clipped velocities of the axes together may move the TCP faster than allowed: go back towards braking, which is
// allowed always, just as far as needed.
void Motion::hold_tcp_speed(AxisVector& velocity, double limit) const noexcept {
  const Eigen::Vector3d wanted = kinematics_.tcp_velocity(chain_, velocity);
  if (wanted.squaredNorm() <= limit * limit) {
    return;
  }
  const double kept = 1.0 - brake_share();
  AxisVector slower{};
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    const VelocityRange range =
        allowed_velocities(reference_.position[axis], reference_.velocity[axis], limits_of(axis), period_);
    slower[axis] = std::clamp(reference_.velocity[axis] * kept, range.lower, range.upper);
  }
  const Eigen::Vector3d braked_velocity = kinematics_.tcp_velocity(chain_, slower);
  const Eigen::Vector3d change = wanted - braked_velocity;
  // |braked + share * change| = limit, the larger root.
  const double a = change.squaredNorm();
  const double b = braked_velocity.dot(change);
  const double c = braked_velocity.squaredNorm() - limit * limit;
  const double root = b * b - a * c;
  const double share = c < 0 && a > 0 && root > 0 ? std::clamp((std::sqrt(root) - b) / a, 0.0, 1.0) : 0.0;
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    velocity[axis] = slower[axis] + share * (velocity[axis] - slower[axis]);
  }
}

void Motion::brake() noexcept {
  const double kept = 1.0 - brake_share();
  AxisVector velocity{};
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    const double before = reference_.velocity[axis];
    const double slower = axis < model_.arm_axes ? before * kept : braked(before, model_.acceleration[axis], period_);
    const VelocityRange range = allowed_velocities(reference_.position[axis], before, limits_of(axis), period_);
    velocity[axis] = std::clamp(slower, range.lower, range.upper);
  }
  path_rate_ *= kept;
  time_ns_ += model_.period_ns;
  advance(velocity);
}

bool Motion::at_rest() const noexcept {
  return std::ranges::all_of(reference_.velocity, [](double velocity) { return velocity == 0; });
}

void Motion::advance(const AxisVector& velocity) noexcept {
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    reference_.position[axis] += (reference_.velocity[axis] + velocity[axis]) * period_ / 2;
    reference_.acceleration[axis] = (velocity[axis] - reference_.velocity[axis]) / period_;
    reference_.velocity[axis] = velocity[axis];
  }
}

}  // namespace dynamical::rt
