#include "rt_control/contact.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

namespace dynamical::rt {
namespace {

constexpr std::uint32_t kMostElapsedCycles = 20;  // after a longer gap nothing is known of what happened in it
constexpr double kResidualLimit = 10.0;           // share of the torque limit
constexpr double kPeakHold_s = 0.05;              // time constant with which a threshold falls

bool is_finite(const AxisVector& value) {
  double sum = 0;
  for (const double entry : value) {
    sum += entry * 0.0;  // NaN where one is not finite
  }
  return sum == 0.0;
}

bool is_finite(const ChainPose& chain, std::size_t axes) {
  double sum = chain.tcp.position.sum() * 0.0;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    sum += (chain.link[axis].position.sum() + chain.link[axis].rotation.sum()) * 0.0;
  }
  return sum == 0.0;
}

}  // namespace

ContactObserver::ContactObserver(const RobotModel& model) noexcept
    : body_(model),
      kind_(model.kind),
      torque_limit_(model.torque),
      period_s_(static_cast<double>(model.period_ns) * 1e-9),
      gain_(model.contact_gain_radps),
      model_error_(model.contact_model_error),
      floor_(model.contact_floor),
      payload_kg_(model.contact_payload_kg),
      touch_n_(model.contact_touch_n),
      hand_radius_m_(model.contact_hand_radius_m) {}

void ContactObserver::reset() noexcept {
  seeded_ = false;
  residual_.fill(0.0);
  threshold_.fill(0.0);
}

ContactFinding ContactObserver::observe(const ChainPose& chain, const AxisVector& velocity, const AxisVector& torque,
                                        const AxisVector& acceleration_reference,
                                        std::uint32_t elapsed_cycles) noexcept {
  if (!is_finite(chain, body_.arm_axes()) || !is_finite(velocity) || !is_finite(torque) ||
      !is_finite(acceleration_reference)) {
    ++refused_;
    return {};
  }
  Momentum now;
  body_.momentum(chain, velocity, now);
  AxisVector drift_now;
  drift(chain, velocity, now, drift_now);
  if (!seeded_ || elapsed_cycles == 0 || elapsed_cycles > kMostElapsedCycles) {
    residual_.fill(0.0);
    torque_ = torque;
    seeded_ = true;
  } else {
    const double elapsed_s = elapsed_cycles * period_s_;
    for (std::size_t axis = 0; axis < body_.arm_axes(); ++axis) {
      // Of the cycles without a sample only their neighbours' torques are known.
      const double seen = 1.0 / elapsed_cycles;
      const double between = (torque[axis] + torque_[axis]) / 2;
      const double motors = seen * torque[axis] + (1 - seen) * between;
      const double gained = now.momentum[axis] - momentum_[axis];
      const double explained = elapsed_s * (motors + (drift_now[axis] + drift_[axis]) / 2);
      const double next = (residual_[axis] + gain_ * (gained - explained)) / (1 + gain_ * elapsed_s);
      const double limit = kResidualLimit * torque_limit_[axis];
      residual_[axis] = std::clamp(next, -limit, limit);
    }
  }
  raise_threshold(chain, velocity, torque, acceleration_reference, elapsed_cycles);
  momentum_ = now.momentum;
  drift_ = drift_now;
  torque_ = torque;
  return worst();
}

void ContactObserver::drift(const ChainPose& chain, const AxisVector& velocity, const Momentum& momentum,
                            AxisVector& result) const noexcept {
  AxisVector gravity;
  AxisVector friction;
  body_.gravity_torque(chain, gravity);
  body_.friction_torque(velocity, friction);
  for (std::size_t axis = 0; axis < kMaxAxes; ++axis) {
    result[axis] = momentum.coriolis_transposed[axis] - gravity[axis] - friction[axis];
  }
}

void ContactObserver::raise_threshold(const ChainPose& chain, const AxisVector& velocity, const AxisVector& torque,
                                      const AxisVector& acceleration, std::uint32_t elapsed_cycles) noexcept {
  AxisVector magnitude;
  AxisVector friction;
  const Eigen::Vector3d payload = payload_kg_ * body_.torque_magnitude(chain, velocity, acceleration, magnitude);
  body_.friction_doubt(velocity, model_error_, friction);
  const double elapsed_s = elapsed_cycles * period_s_;
  const double kept = 1 / (1 + elapsed_s / kPeakHold_s);
  const double unseen_s = elapsed_s - period_s_;
  for (std::size_t axis = 0; axis < body_.arm_axes(); ++axis) {
    const Eigen::Vector3d& direction = chain.direction[axis];
    const Eigen::Vector3d lever = kind_[axis] == AxisKind::revolute
                                      ? direction.cross(chain.tcp.position - chain.link[axis].position).eval()
                                      : direction;
    const double aside_m = kind_[axis] == AxisKind::revolute ? hand_radius_m_ : 0.0;
    const double lost = std::min(1.0, gain_ * unseen_s) * std::abs(torque[axis] - torque_[axis]);
    const double bound = floor_ * torque_limit_[axis] + model_error_ * magnitude[axis] + friction[axis] +
                         std::abs(lever.dot(payload)) + touch_n_ * lever.norm() +
                         aside_m * (payload.norm() + touch_n_) + lost;
    threshold_[axis] = std::max(bound, threshold_[axis] * kept);
  }
}

ContactFinding ContactObserver::worst() const noexcept {
  ContactFinding finding;
  double highest = -1;
  for (std::size_t axis = 0; axis < body_.arm_axes(); ++axis) {
    const double ratio = std::abs(residual_[axis]) / threshold_[axis];
    if (ratio > highest) {
      highest = ratio;
      finding = {ratio > 1, static_cast<std::uint32_t>(axis), residual_[axis], threshold_[axis]};
    }
  }
  return finding;
}

}  // namespace dynamical::rt
