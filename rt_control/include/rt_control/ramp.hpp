// Supervises a stop ramp: a robot that does not slow down as it was told must lose its torque.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "rt_control/model.hpp"

namespace dynamical::rt {

class RampMonitor {
 public:
  explicit RampMonitor(const RobotModel& model) noexcept
      : model_(model), period_(static_cast<double>(model.period_ns) * 1e-9) {}

  void begin(const AxisVector& measured, const AxisVector& reference) noexcept {
    for (std::size_t axis = 0; axis < model_.axes; ++axis) {
      envelope_[axis] = std::max(std::abs(measured[axis]), std::abs(reference[axis]));
    }
    outside_cycles_ = 0;
    rest_cycles_ = 0;
  }

  // One cycle of the ramp. Returns the axis that does not follow, -1 if all do.
  [[nodiscard]] std::int32_t check(const AxisVector& measured, const AxisVector& reference) noexcept {
    std::int32_t worst = -1;
    double most_outside = 0;  // share of its velocity limit, so that axes of different units compare
    bool reference_rests = true;
    for (std::size_t axis = 0; axis < model_.axes; ++axis) {
      const double speed = std::abs(reference[axis]);
      reference_rests = reference_rests && speed == 0;
      // Half of the deceleration that was asked for is the least that counts as following.
      envelope_[axis] = std::max(speed, envelope_[axis] - model_.acceleration[axis] * period_ / 2);
      const double outside =
          (std::abs(measured[axis]) - envelope_[axis]) / model_.velocity[axis] - model_.ramp_tolerance;
      if (outside > most_outside) {
        most_outside = outside;
        worst = static_cast<std::int32_t>(axis);
      }
    }
    outside_cycles_ = worst >= 0 ? outside_cycles_ + 1 : 0;
    rest_cycles_ = reference_rests ? rest_cycles_ + 1 : 0;
    if (outside_cycles_ > kOutsideCycles) {
      return worst;
    }
    return rest_cycles_ > kSettleCycles ? fastest(measured) : -1;
  }

 private:
  static constexpr std::uint32_t kOutsideCycles = 20;
  static constexpr std::uint32_t kSettleCycles = 500;

  [[nodiscard]] std::int32_t fastest(const AxisVector& measured) const noexcept {
    std::int32_t axis = 0;
    for (std::size_t other = 1; other < model_.axes; ++other) {
      if (std::abs(measured[other]) > std::abs(measured[static_cast<std::size_t>(axis)])) {
        axis = static_cast<std::int32_t>(other);
      }
    }
    return axis;
  }

  RobotModel model_;
  double period_;
  AxisVector envelope_{};
  std::uint32_t outside_cycles_ = 0;
  std::uint32_t rest_cycles_ = 0;
};

}  // namespace dynamical::rt
