#include "rt_control/estimator.hpp"

#include <algorithm>
#include <cmath>

namespace dynamical::rt {
namespace {

constexpr std::uint32_t kMostOutliersInARow = 10;
constexpr std::uint32_t kMostCycles = 50;  // of one prediction; after a longer silence the next sample seeds
constexpr std::uint32_t kMostAgeCycles = 20;

bool is_finite(const AxisVector& value) {
  double sum = 0;
  for (const double entry : value) {
    sum += entry * 0.0;  // NaN where one is not finite
  }
  return sum == 0.0;
}

// step * block * step^T + noise for the transition `step` of constant acceleration; 3 x 3 products cost five times as
// much.
void spread(Eigen::Matrix3d& block, double time_s, const Eigen::Matrix3d& noise) {
  const double half = time_s * time_s / 2;
  const double row_01 = block(0, 1) + time_s * block(1, 1) + half * block(2, 1);
  const double row_02 = block(0, 2) + time_s * block(1, 2) + half * block(2, 2);
  const double row_00 = block(0, 0) + time_s * block(1, 0) + half * block(2, 0);
  const double row_11 = block(1, 1) + time_s * block(2, 1);
  const double row_12 = block(1, 2) + time_s * block(2, 2);
  block(0, 0) = row_00 + time_s * row_01 + half * row_02 + noise(0, 0);
  block(0, 1) = block(1, 0) = row_01 + time_s * row_02 + noise(0, 1);
  block(0, 2) = block(2, 0) = row_02 + noise(0, 2);
  block(1, 1) = row_11 + time_s * row_12 + noise(1, 1);
  block(1, 2) = block(2, 1) = row_12 + noise(1, 2);
  block(2, 2) += noise(2, 2);
}

}  // namespace

Estimator::Estimator(const RobotModel& model) noexcept
    : kinematics_(model),
      body_(model),
      period_s_(static_cast<double>(model.period_ns) * 1e-9),
      position_variance_(model.position_noise * model.position_noise),
      velocity_variance_(model.velocity_noise * model.velocity_noise),
      acceleration_density_(model.acceleration_noise * model.acceleration_noise * period_s_),
      walk_density_(model.disturbance_walk * model.disturbance_walk),
      gate_(model.innovation_gate * model.innovation_gate),
      acceleration_limit_(model.acceleration),
      covariance_{} {
  for (Eigen::Matrix3d& block : covariance_) {
    block.setZero();
  }
  mass_matrix_.setZero();
}

void Estimator::reset(const AxisVector& position, const AxisVector& velocity) noexcept {
  if (!is_finite(position) || !is_finite(velocity)) {
    ++counts_.refused;
    return;
  }
  for (std::size_t axis = 0; axis < body_.arm_axes(); ++axis) {
    seed(axis, position[axis], velocity[axis]);
  }
  torque_.fill(0.0);
  model_acceleration_.fill(0.0);
  estimate_.external_torque.fill(0.0);
  seeded_ = true;
}

void Estimator::seed(std::size_t axis, double position, double velocity) noexcept {
  estimate_.position[axis] = position;
  estimate_.velocity[axis] = velocity;
  estimate_.disturbance[axis] = 0.0;
  const double unknown = acceleration_limit_[axis] * acceleration_limit_[axis];
  covariance_[axis] = Eigen::Vector3d(position_variance_, velocity_variance_, unknown).asDiagonal();
  outliers_in_a_row_[axis] = 0;
}

void Estimator::predict(std::uint32_t cycles) noexcept { predict(AxisVector(torque_), cycles); }

void Estimator::predict(const AxisVector& torque, std::uint32_t cycles) noexcept {
  if (!seeded_ || cycles == 0) {
    return;
  }
  if (cycles > kMostCycles) {
    seeded_ = false;
    return;
  }
  if (is_finite(torque)) {
    torque_ = torque;
  } else {
    ++counts_.refused;
  }
  ChainPose chain;
  kinematics_.place(estimate_.position, chain);
  body_.mass_matrix(chain, mass_matrix_);
  AxisVector moving;
  body_.friction_torque(estimate_.velocity, moving);
  for (std::size_t axis = 0; axis < body_.arm_axes(); ++axis) {
    moving[axis] = torque_[axis] - moving[axis];
  }
  AxisVector acceleration;
  if (!body_.forward_dynamics(chain, mass_matrix_, estimate_.velocity, moving, acceleration) ||
      !is_finite(acceleration)) {
    acceleration.fill(0.0);
  }
  model_acceleration_ = acceleration;
  const double time_s = cycles * period_s_;
  const double square = time_s * time_s;
  const double cube = square * time_s;
  const double q = acceleration_density_;
  const double w = walk_density_;
  Eigen::Matrix3d noise;
  noise << q * cube / 3 + w * cube * square / 20, q * square / 2 + w * square * square / 8, w * cube / 6,
      q * square / 2 + w * square * square / 8, q * time_s + w * cube / 3, w * square / 2, w * cube / 6, w * square / 2,
      w * time_s;
  for (std::size_t axis = 0; axis < body_.arm_axes(); ++axis) {
    const double whole = acceleration[axis] + estimate_.disturbance[axis];
    estimate_.position[axis] += time_s * estimate_.velocity[axis] + square / 2 * whole;
    estimate_.velocity[axis] += time_s * whole;
    spread(covariance_[axis], time_s, noise);
  }
  find_external_torque();
}

void Estimator::correct(const AxisVector& position, const AxisVector& velocity, std::uint32_t age_cycles) noexcept {
  if (!is_finite(position) || !is_finite(velocity) || age_cycles > kMostAgeCycles) {
    ++counts_.refused;
    return;
  }
  if (!seeded_) {
    reset(position, velocity);
    return;
  }
  for (std::size_t axis = 0; axis < body_.arm_axes(); ++axis) {
    correct_axis(axis, position[axis], velocity[axis], age_cycles * period_s_);
  }
  find_external_torque();
}

// An older sample is compared with where the axis was then: the state goes back along its acceleration, and what noise
// did since adds to the variance of the measurement.
void Estimator::correct_axis(std::size_t axis, double position, double velocity, double age_s) noexcept {
  const double model = model_acceleration_[axis];
  const double since = age_s * (acceleration_density_ + walk_density_ * age_s * age_s / 3);
  const auto position_then = [&] {
    return estimate_.position[axis] - age_s * estimate_.velocity[axis] +
           age_s * age_s / 2 * (model + estimate_.disturbance[axis]);
  };
  const auto velocity_then = [&] { return estimate_.velocity[axis] - age_s * (model + estimate_.disturbance[axis]); };
  const Eigen::Vector3d position_row(1, -age_s, age_s * age_s / 2);
  const Eigen::Vector3d velocity_row(0, 1, -age_s);
  const bool near =
      correct_by(axis, position_row, position - position_then(), position_variance_ + since * age_s * age_s / 3);
  const bool even = correct_by(axis, velocity_row, velocity - velocity_then(), velocity_variance_ + since);
  outliers_in_a_row_[axis] = near && even ? 0 : outliers_in_a_row_[axis] + 1;
  const Eigen::Matrix3d& block = covariance_[axis];
  const bool sound = std::isfinite(block.sum()) && block.diagonal().minCoeff() > 0 &&
                     std::isfinite(estimate_.position[axis] + estimate_.velocity[axis] + estimate_.disturbance[axis]);
  if (outliers_in_a_row_[axis] >= kMostOutliersInARow || !sound) {
    seed(axis, position, velocity);
    ++counts_.reseeded;
  }
}

bool Estimator::correct_by(std::size_t axis, const Eigen::Vector3d& row, double innovation, double variance) noexcept {
  Eigen::Matrix3d& block = covariance_[axis];
  const Eigen::Vector3d shared = block * row;
  const double total = row.dot(shared) + variance;
  if (!(innovation * innovation <= gate_ * total)) {
    ++counts_.outliers;
    return false;
  }
  const Eigen::Vector3d gain = shared / total;
  estimate_.position[axis] += gain(0) * innovation;
  estimate_.velocity[axis] += gain(1) * innovation;
  estimate_.disturbance[axis] += gain(2) * innovation;
  for (Eigen::Index row_index = 0; row_index < 3; ++row_index) {
    for (Eigen::Index column = row_index; column < 3; ++column) {
      block(row_index, column) -= gain(row_index) * shared(column);
      block(column, row_index) = block(row_index, column);
    }
  }
  return true;
}

void Estimator::find_external_torque() noexcept {
  for (std::size_t axis = 0; axis < body_.arm_axes(); ++axis) {
    double sum = 0;
    for (std::size_t other = 0; other < body_.arm_axes(); ++other) {
      sum += mass_matrix_(static_cast<Eigen::Index>(axis), static_cast<Eigen::Index>(other)) *
             estimate_.disturbance[other];
    }
    estimate_.external_torque[axis] = sum;
  }
}

}  // namespace dynamical::rt
