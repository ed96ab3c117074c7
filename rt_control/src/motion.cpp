#include "rt_control/motion.hpp"

#include <algorithm>
#include <cmath>

namespace dynamical::rt {
namespace {

// A difference below this share of the axis's velocity limit is rounding or interpolation, not an intervention.
constexpr double kWorthSaying = 1e-3;
// Share of the acceleration limit that a rising path rate may use; the path itself needs the rest.
constexpr double kRateRise = 0.5;
// Velocity, and acceleration times a cycle, below which an axis is at rest: rounding.
constexpr double kRest = 1e-12;

// Largest share of the way from one velocity to another whose speed is at most `limit`, or at most that of the first:
// the larger root of |from + share (to - from)| = allowed.
double share_within(const Eigen::Vector3d& from, const Eigen::Vector3d& to, double limit) {
  if (to.squaredNorm() <= limit * limit) {
    return 1.0;
  }
  const double allowed = std::max(limit, from.norm());
  const Eigen::Vector3d change = to - from;
  const double a = change.squaredNorm();
  const double b = from.dot(change);
  const double c = from.squaredNorm() - allowed * allowed;
  const double root = b * b - a * c;
  return c < 0 && a > 0 && root > 0 ? std::clamp((std::sqrt(root) - b) / a, 0.0, 1.0) : 0.0;
}

// What it is that limits the fastest point.
Constraint point_constraint(const Care& care) {
  return care.separation_slows ? Constraint::separation : Constraint::tcp_speed;
}

// Shares of the way from one torque to another at which its size is at most `limit`; none: `to` less than `from`.
struct Shares {
  double from;
  double to;
};
Shares shares_within(double from, double to, double limit) {
  if (from == to) {
    return std::abs(from) <= limit ? Shares{0, 1} : Shares{1, 0};
  }
  const double one = (limit - from) / (to - from);
  const double other = (-limit - from) / (to - from);
  return {std::max(std::min(one, other), 0.0), std::min(std::max(one, other), 1.0)};
}

}  // namespace

Motion::Motion(const RobotModel& model) noexcept
    : model_(model),
      kinematics_(model),
      body_(model),
      capsules_(model),
      speed_(model),
      clearance_(model),
      period_(static_cast<double>(model.period_ns) * 1e-9) {}

void Motion::seed(const AxisVector& position) noexcept {
  reference_ = Reference{};
  reference_.position = position;
  mean_acceleration_ = {};
  path_rate_ = braked_rate_ = 0;
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
  return {model_.lower[axis], model_.upper[axis], model_.velocity[axis], model_.acceleration[axis], model_.jerk[axis]};
}

AxisState Motion::state_of(std::size_t axis) const noexcept {
  return {reference_.position[axis], reference_.velocity[axis], reference_.acceleration[axis]};
}

AccelerationRange Motion::accelerations_of(std::size_t axis) const noexcept {
  return allowed_accelerations(mean_acceleration_[axis], limits_of(axis), period_);
}

// Where the reference is, and the stop that is in hand there: the shortest one of every axis.
void Motion::stand() noexcept {
  kinematics_.place(reference_.position, chain_);
  capsules_.place(chain_, segments_);
  speed_.stand(chain_, segments_);
  clearance_.stand(reference_.position, segments_);
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    stop_[axis] = StopProfile(state_of(axis), model_.acceleration[axis], model_.jerk[axis]).at(period_);
  }
}

double Motion::axis_braking_share(std::size_t axis) const noexcept {
  const double speed = std::abs(reference_.velocity[axis]);
  return speed > 0 ? braking_share(model_.acceleration[axis] / speed, model_.jerk[axis] / speed, period_) : 1.0;
}

// Share of the arm's velocity that a stop along its direction takes off in one cycle, 0..1.
double Motion::brake_share() const noexcept {
  double share = 1.0;
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    share = std::min(share, axis_braking_share(axis));
  }
  return share;
}

// How far the arm's velocities must be scaled down for its axes, all by one ratio. `braking_counts`: what braking
// cannot take off within this cycle is allowed still.
Motion::Binding Motion::axis_binding(const AxisVector& velocity, const Care& care, bool braking_counts) const noexcept {
  Constraint by = Constraint::velocity;
  if (care.speed_scale < 1) {
    by = care.separation_slows ? Constraint::separation : Constraint::speed_scale;
  }
  Binding binding;
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    const double allowed =
        std::max(model_.velocity[axis] * care.speed_scale, braking_counts ? std::abs(stop_[axis].velocity) : 0.0);
    binding.take(by, static_cast<std::int32_t>(axis), std::abs(velocity[axis]), allowed);
  }
  return binding;
}

// Time along the path runs slower where a limit binds, so that the robot stays on the path instead of cutting corners.
void Motion::advance_path(const Command& command, const Care& care, Sample& here, Sample& target,
                          Binding& binding) noexcept {
  here = sample(command, model_.axes, time_along(command));
  binding = axis_binding(here.velocity, care, false);
  binding.take(point_constraint(care), -1, speed_.fastest(here.velocity), care.tcp_speed_mps);
  double rise = 1.0;
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    const double step = kRateRise * model_.acceleration[axis] * period_;
    rise = std::min(rise, step / std::max(std::abs(here.velocity[axis]), step));
  }
  const double rate_before = path_rate_;
  braked_rate_ = path_rate_ * (1.0 - brake_share());
  path_rate_ = std::clamp(binding.ratio, braked_rate_, path_rate_ + rise);
  time_ns_ += std::llround(path_rate_ * static_cast<double>(model_.period_ns));
  target = sample(command, model_.axes, time_along(command));
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    here.velocity[axis] *= rate_before;
    target.velocity[axis] *= path_rate_;
  }
}

Intervention Motion::follow(const Command& command, const Care& care) noexcept {
  stand();
  const bool is_chunk = command.kind == CommandKind::chunk;
  Sample target;
  Sample before;
  Binding binding;
  if (is_chunk) {
    advance_path(command, care, before, target, binding);
  } else {
    target = sample(command, model_.axes, 0);
    before = target;
    path_rate_ = braked_rate_ = 0;
    time_ns_ += model_.period_ns;
  }
  AxisVector velocity{};
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    const double acceleration = (target.velocity[axis] - before.velocity[axis]) / period_;
    const AxisState goal{target.position[axis], target.velocity[axis], acceleration};
    const double chosen = approach(state_of(axis), goal, accelerations_of(axis), limits_of(axis), period_);
    velocity[axis] = reference_.velocity[axis] + chosen * period_;
  }
  const Binding now = axis_binding(velocity, care, true);
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
  wanted_ = admit(velocity, care.speed_scale, intervention, is_chunk);
  hold_speed(care, intervention);
  double given = hold_torque(intervention);
  given *= keep_clear(intervention);  // last, so that nothing undoes it
  path_rate_ = braked_rate_ + given * (path_rate_ - braked_rate_);
  step();
  return intervention;
}

// The next states, with each velocity as near as its axis allows; explains the first time that this changes something.
AxisStates Motion::admit(const AxisVector& velocity, double speed_scale, Intervention& intervention,
                         bool explain) const noexcept {
  AxisStates states{};
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    const AxisLimits limits = limits_of(axis);
    const AxisState now = state_of(axis);
    const AccelerationRange range = accelerations_of(axis);
    const double asked = (velocity[axis] - now.velocity) / period_;
    const AxisState next = held_for(now, std::clamp(asked, range.lower, range.upper), period_);
    const AxisBounds bounds(stop_[axis], limits, speed_scale, period_);
    const double share = viable_share(stop_[axis], next, bounds);
    states[axis] = between(stop_[axis], next, share);
    const double admitted = states[axis].velocity;
    if (!explain || intervention.constraint != Constraint::none ||
        std::abs(velocity[axis] - admitted) <= kWorthSaying * limits.velocity) {
      continue;
    }
    intervention = {Constraint::jerk, static_cast<std::int32_t>(axis), 0, velocity[axis], admitted, 0};
    if (share < 1 && bounds.position_binds(next)) {
      intervention.constraint = Constraint::position;
      intervention.margin = std::min(limits.upper - now.position, now.position - limits.lower);
    } else if (share < 1) {
      intervention.constraint = Constraint::velocity;
      intervention.margin = limits.velocity - std::abs(velocity[axis]);
    } else if (std::abs(asked) > limits.acceleration) {
      intervention.constraint = Constraint::acceleration;
      intervention.margin = limits.acceleration - std::abs(asked);
    } else {
      intervention.margin = limits.jerk - std::abs(asked - mean_acceleration_[axis]) / period_;
    }
  }
  return states;
}

// The next states of a stop that keeps the direction of the motion where the limits leave room for it; an axis that
// must stop sooner has the shortest stop.
AxisStates Motion::braked() const noexcept {
  const double kept = 1.0 - brake_share();
  AxisVector velocity{};
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    velocity[axis] = reference_.velocity[axis] * (axis < model_.arm_axes ? kept : 1.0 - axis_braking_share(axis));
  }
  Intervention unexplained{};
  return admit(velocity, 1.0, unexplained, false);
}

// The axes together may move a point of the arm faster than allowed, now or when their accelerations are let go: go
// back towards braking in the direction of the motion, just as far as needed.
void Motion::hold_speed(const Care& care, Intervention& intervention) noexcept {
  const double limit = care.tcp_speed_mps;
  PointSpeed::Velocities wanted;
  speed_.of(peak_velocities(wanted_), wanted);
  double square = 0;
  for (std::size_t point = 0; point < speed_.points(); ++point) {
    square = std::max(square, wanted[point].squaredNorm());
  }
  if (square <= limit * limit) {
    return;
  }
  const double fastest = std::sqrt(square);
  if (intervention.constraint == Constraint::none && fastest > limit * (1 + kWorthSaying)) {
    intervention = {point_constraint(care), -1, limit - fastest, fastest, limit, 0};
  }
  const AxisStates slower = braked();
  PointSpeed::Velocities stopping;
  speed_.of(peak_velocities(slower), stopping);
  double share = 1.0;
  for (std::size_t point = 0; point < speed_.points(); ++point) {
    share = std::min(share, share_within(stopping[point], wanted[point], limit));
  }
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    wanted_[axis] = between(slower[axis], wanted_[axis], share);
  }
}

AxisVector Motion::peak_velocities(const AxisStates& states) const noexcept {
  AxisVector velocity{};
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    velocity[axis] = peak_velocity(states[axis], model_.jerk[axis]);
  }
  return velocity;
}

// Torque of the motors, by the model and without what the hand carries, that the way to the next states takes.
AxisVector Motion::torque_of(const AxisStates& next) const noexcept {
  AxisVector acceleration{};
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    acceleration[axis] = (next[axis].velocity - reference_.velocity[axis]) / period_;
  }
  AxisVector torque;
  AxisVector friction;
  body_.inverse_dynamics(chain_, reference_.velocity, acceleration, torque);
  body_.friction_torque(reference_.velocity, friction);
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    torque[axis] += friction[axis];
  }
  return torque;
}

// As much of what is wanted as the motors have the torque for: it is linear in the accelerations, so the share that
// they can give follows from what the wanted motion and the stop in hand take.
double Motion::hold_torque(Intervention& intervention) noexcept {
  const AxisVector wanted = torque_of(wanted_);
  const auto is_strong = [&](std::size_t axis) { return std::abs(wanted[axis]) <= model_.torque[axis]; };
  std::size_t first = 0;
  while (first < model_.arm_axes && is_strong(first)) {
    ++first;
  }
  if (first == model_.arm_axes) {
    return 1.0;
  }
  const AxisVector stopping = torque_of(stop_);
  Shares shares{0, 1};
  std::size_t worst = first;
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    const Shares own = shares_within(stopping[axis], wanted[axis], model_.torque[axis]);
    worst = own.to < shares.to ? axis : worst;
    shares = {std::max(shares.from, own.from), std::min(shares.to, own.to)};
  }
  // No share at all that every motor could give: braking goes first.
  const double share = shares.from <= shares.to ? shares.to : 0.0;
  wanted_ = mixed(share);
  if (share < 1 - kWorthSaying) {
    const double limit = model_.torque[worst];
    const double asked = std::abs(wanted[worst]);
    intervention = {Constraint::torque, static_cast<std::int32_t>(worst), limit - asked, asked, limit, 0};
  }
  return share;
}

// As much of what is wanted as leaves the arm a stop that is clear. Nothing of it leaves the stop in hand, which is.
double Motion::keep_clear(Intervention& intervention) noexcept {
  constexpr int kRefinements = 3;
  const ClearanceFinding found = clearance_.check(wanted_);
  if (found.is_clear) {
    return 1.0;
  }
  double clear = 0;
  double not_clear = 1;
  for (int round = 0; round < kRefinements; ++round) {
    const double share = (clear + not_clear) / 2;
    (clearance_.check(mixed(share)).is_clear ? clear : not_clear) = share;
  }
  wanted_ = mixed(clear);
  intervention = {found.constraint, found.link, found.distance_m - found.needed_m, found.distance_m, found.needed_m, 0};
  return clear;
}

// The stop in hand with a share of what is wanted: viable, as both are. The gripper meets nothing that is watched.
AxisStates Motion::mixed(double share) const noexcept {
  AxisStates states = wanted_;
  for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
    states[axis] = between(stop_[axis], wanted_[axis], share);
  }
  return states;
}

void Motion::brake() noexcept {
  stand();
  path_rate_ *= 1.0 - brake_share();
  time_ns_ += model_.period_ns;
  wanted_ = braked();
  Intervention unexplained{};
  (void)hold_torque(unexplained);
  (void)keep_clear(unexplained);
  step();
}

bool Motion::at_rest() const noexcept {
  return std::ranges::all_of(reference_.velocity, [](double velocity) { return velocity == 0; });
}

// Makes the wanted states the reference.
void Motion::step() noexcept {
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    AxisState next = wanted_[axis];
    if (std::abs(next.velocity) < kRest && std::abs(next.acceleration) * period_ < kRest) {
      next.velocity = next.acceleration = 0;
    }
    mean_acceleration_[axis] = (next.velocity - reference_.velocity[axis]) / period_;
    reference_.position[axis] = next.position;
    reference_.velocity[axis] = next.velocity;
    reference_.acceleration[axis] = next.acceleration;
  }
}

}  // namespace dynamical::rt
