// Contact from joint torques: the generalised-momentum observer (De Luca, Albu-Schaeffer, Haddadin, Hirzinger,
// "Collision detection and safe reaction with the DLR-III lightweight manipulator arm", IROS 2006) in discrete time,
// and thresholds that a wrong model, an unannounced payload and the touch of daily work together cannot exceed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rt_control/model.hpp"
#include "rt_control/rigid_body.hpp"

namespace dynamical::rt {

struct ContactFinding {
  bool contact = false;
  std::uint32_t axis = 0;  // where the residual is largest beside its threshold
  double residual = 0;     // external torque of that axis, N m or N, with its sign
  double threshold = 0;
};

// The residual follows the external torque with the bandwidth `contact_gain_radps`, by the implicit rule, which stays
// stable however long a cycle is; it is bounded. Measurements of a cycle: position (as the chain) and velocity at its
// end, and the mean torque of the motors within it, gravity included.
//
// The threshold of an axis is the sum of
//   contact_floor x torque limit                        noise
//   contact_model_error x torque of each link, unsigned masses, inertias and friction that are wrong by that share
//   contact_payload_kg at the TCP                       an object, picked up or put down at any time, unannounced
//   contact_touch_n at the TCP                          fingers on the table, or on one side of an object
//     (both as far from it as contact_hand_radius_m)
//   what dry friction at rest and lost samples hide
// held for a while after each peak, as drives and observer lag behind the reference.
class ContactObserver {
 public:
  explicit ContactObserver(const RobotModel& model) noexcept;

  // Forgets all; the next cycle seeds it. To be called while the drives have no torque: brakes are not modelled.
  void reset() noexcept;

  // One cycle, `elapsed_cycles` (>= 1) after the last one. Input that is not finite changes nothing and is counted.
  ContactFinding observe(const ChainPose& chain, const AxisVector& velocity, const AxisVector& torque,
                         const AxisVector& acceleration_reference, std::uint32_t elapsed_cycles) noexcept;

  [[nodiscard]] const AxisVector& residual() const noexcept { return residual_; }
  [[nodiscard]] const AxisVector& threshold() const noexcept { return threshold_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  [[nodiscard]] RigidBody& rigid_body() noexcept { return body_; }

 private:
  // Torque of the motors that adds to the momentum: less friction and weight, with C^T v.
  void drift(const ChainPose& chain, const AxisVector& velocity, const Momentum& momentum,
             AxisVector& result) const noexcept;
  void raise_threshold(const ChainPose& chain, const AxisVector& velocity, const AxisVector& torque,
                       const AxisVector& acceleration, std::uint32_t elapsed_cycles) noexcept;
  [[nodiscard]] ContactFinding worst() const noexcept;

  RigidBody body_;
  std::array<AxisKind, kMaxAxes> kind_;
  AxisVector torque_limit_;
  double period_s_;
  double gain_;
  double model_error_;
  double floor_;
  double payload_kg_;
  double touch_n_;
  double hand_radius_m_;

  bool seeded_ = false;
  std::uint64_t refused_ = 0;
  AxisVector momentum_{};
  AxisVector drift_{};
  AxisVector torque_{};
  AxisVector residual_{};
  AxisVector threshold_{};
};

}  // namespace dynamical::rt
