// Dynamics of the arm's serial chain on a fixed base, in the base frame (Featherstone, "Rigid Body Dynamics
// Algorithms", 2008: recursive Newton-Euler and composite rigid body). Torque = M(q) a + C(q, v) v + g(q); friction is
// apart. C is the one for which dM/dt = C + C^T, the only one that a momentum observer can use. Rotors count in M by
// their armature.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>

#include "rt_control/kinematics.hpp"
#include "rt_control/model.hpp"

namespace dynamical::rt {

using MassMatrix = Eigen::Matrix<double, static_cast<int>(kMaxAxes), static_cast<int>(kMaxAxes)>;

// Generalised momentum M v, and C^T v: what the motion itself adds to it in a second.
struct Momentum {
  AxisVector momentum;
  AxisVector coriolis_transposed;
};

// Vectors have an entry per arm axis, zeros behind; positions come as the chain that Kinematics placed.
class RigidBody {
 public:
  explicit RigidBody(const RobotModel& model) noexcept;

  void inverse_dynamics(const ChainPose& chain, const AxisVector& velocity, const AxisVector& acceleration,
                        AxisVector& torque) const noexcept;

  // C v and g together: the torque of a motion without acceleration.
  void bias_torque(const ChainPose& chain, const AxisVector& velocity, AxisVector& torque) const noexcept;

  // Torque that holds the arm against its weight.
  void gravity_torque(const ChainPose& chain, AxisVector& torque) const noexcept;

  // C v.
  void coriolis_torque(const ChainPose& chain, const AxisVector& velocity, AxisVector& torque) const noexcept;

  void momentum(const ChainPose& chain, const AxisVector& velocity, Momentum& result) const noexcept;

  // Symmetric; rows and columns behind the arm axes are zero.
  void mass_matrix(const ChainPose& chain, MassMatrix& result) const noexcept;

  // Acceleration that a torque causes (without friction); M must be that of the chain. False: M is not positive.
  [[nodiscard]] bool forward_dynamics(const ChainPose& chain, const MassMatrix& mass_matrix, const AxisVector& velocity,
                                      const AxisVector& torque, AxisVector& acceleration) const noexcept;

  // Sum over the links of what the force and the moment of each takes of the torque, without sign: masses and inertias
  // that are each wrong by a share of at most s are wrong by at most s times this together. Returns the acceleration of
  // the TCP in the base frame less gravity, m/s2: what a payload there feels.
  Eigen::Vector3d torque_magnitude(const ChainPose& chain, const AxisVector& velocity, const AxisVector& acceleration,
                                   AxisVector& magnitude) const noexcept;

  // Damping and dry friction, which oppose the motion: the torque that overcomes them.
  void friction_torque(const AxisVector& velocity, AxisVector& torque) const noexcept;

  // How far the friction may differ from that when the model is wrong by a share; at rest dry friction has no sign.
  void friction_doubt(const AxisVector& velocity, double share, AxisVector& torque) const noexcept;

  // In the base frame; a base that stands askew turns it.
  void set_gravity(const Eigen::Vector3d& gravity) noexcept { gravity_ = gravity; }
  [[nodiscard]] const Eigen::Vector3d& gravity() const noexcept { return gravity_; }

  [[nodiscard]] std::size_t arm_axes() const noexcept { return arm_axes_; }

 private:
  // Motion of the links: of each its angular rate and acceleration, and the acceleration of its frame's origin.
  struct Motion {
    std::array<Eigen::Vector3d, kMaxAxes> rate;
    std::array<Eigen::Vector3d, kMaxAxes> angular;
    std::array<Eigen::Vector3d, kMaxAxes> linear;
  };
  struct Wrench {
    Eigen::Vector3d force;
    Eigen::Vector3d moment;  // about the centre of mass
  };

  void move(const ChainPose& chain, const AxisVector& velocity, const AxisVector& acceleration,
            const Eigen::Vector3d& gravity, Motion& motion) const noexcept;
  [[nodiscard]] Wrench wrench_of(const ChainPose& chain, const Motion& motion, std::size_t axis,
                                 const Eigen::Vector3d& centre) const noexcept;
  void torque_of(const ChainPose& chain, const Motion& motion, AxisVector& torque) const noexcept;

  std::size_t arm_axes_;
  std::array<AxisKind, kMaxAxes> kind_;
  AxisVector mass_;
  std::array<Eigen::Vector3d, kMaxAxes> centre_;
  std::array<Eigen::Matrix3d, kMaxAxes> inertia_;
  AxisVector armature_;
  AxisVector damping_;
  AxisVector dry_friction_;
  Eigen::Vector3d gravity_;
};

// Solves A x = b by Cholesky for the first `size` rows; false: A is not positive definite.
[[nodiscard]] bool solve_positive(const MassMatrix& matrix, std::size_t size, AxisVector& vector) noexcept;

}  // namespace dynamical::rt
