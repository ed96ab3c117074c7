// What `rt_control` knows of its robot: compiled from the robot's description, fixed while it runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "rt_control/messages.hpp"

namespace dynamical::rt {

inline constexpr std::size_t kNameBytes = 40;
inline constexpr std::uint64_t kModelMagic = 0x4c444d4e59443031U;  // "10DYNMDL"
inline constexpr std::uint32_t kModelVersion = 3;
inline constexpr std::size_t kMaxCapsules = 32;
inline constexpr std::size_t kMaxPairs = 128;
inline constexpr std::size_t kMaxZones = 8;
inline constexpr std::int32_t kBaseLink = -1;

enum class AxisKind : std::uint32_t { revolute = 0, prismatic = 1 };

// One source of constraints that must be heard; when it is not, its declared worst case holds.
struct ConstraintSlot {
  Source source;
  std::uint32_t lease_cycles;  // executed cycles without a newer message until it is stale
  double stale_speed_scale;    // 0..1
  double stale_margin_scale;   // >= 1
  double stale_tcp_speed_mps;  // infinity: does not limit the TCP
};

// Shape of a part of the arm: all that is within `radius` of a segment.
struct Capsule {
  std::array<char, kNameBytes> name;
  std::int32_t link;  // arm axis that moves it, in whose frame it is; kBaseLink: in the base frame, at rest
  std::uint32_t reserved;
  std::array<double, 3> begin;  // m
  std::array<double, 3> end;
  double radius;  // m, > 0
};

// Two capsules that must not meet.
struct CapsulePair {
  std::uint32_t first;
  std::uint32_t second;
};

enum class ZoneKind : std::uint32_t { keep_out = 0, keep_in = 1 };

// A box in the base frame that no moving capsule may enter, or that none may leave.
struct Zone {
  std::array<char, kNameBytes> name;
  ZoneKind kind;
  std::uint32_t reserved;
  std::array<double, 3> lower;  // m; infinite where it has no such side
  std::array<double, 3> upper;
};

// The arm's axes are a serial chain from base to TCP and come first; the gripper's axes follow and do not move the TCP.
struct RobotModel {
  std::uint32_t axes;
  std::uint32_t arm_axes;
  std::uint32_t simulated;  // 1: may run without real-time permission, visibly degraded
  std::uint32_t constraint_slots;
  std::uint32_t capsules;
  std::uint32_t pairs;
  std::uint32_t zones;
  std::uint32_t reserved;
  std::array<std::array<char, kNameBytes>, kMaxAxes> name;
  std::array<AxisKind, kMaxAxes> kind;

  // Limits, in rad or m and their derivatives; torque in Nm or N.
  AxisVector lower;
  AxisVector upper;
  AxisVector velocity;
  AxisVector acceleration;
  AxisVector jerk;
  AxisVector torque;

  // Chain: pose of each arm axis's frame in that of the axis before (the first in the base) at position 0, and the
  // unit vector in that frame about which, or along which, it moves.
  std::array<std::array<double, 3>, kMaxAxes> position_parent;
  std::array<std::array<double, 4>, kMaxAxes> quaternion_parent;
  std::array<std::array<double, 3>, kMaxAxes> axis_vector;
  std::array<double, 3> tcp_position;  // in the frame of the last arm axis
  std::array<double, 4> tcp_quaternion;

  // Rigid bodies: what moves with each arm axis, in the frame of that axis. What hangs at the last one is part of it.
  AxisVector mass;                                             // kg
  std::array<std::array<double, 3>, kMaxAxes> centre_of_mass;  // m
  std::array<std::array<double, 6>, kMaxAxes> inertia;  // about the centre of mass: xx, yy, zz, xy, xz, yz; kg m2
  AxisVector armature;                                  // of the rotor, seen at the axis; kg m2 or kg
  AxisVector damping;                                   // N m s/rad or N s/m
  AxisVector dry_friction;                              // N m or N
  std::array<double, 3> gravity;                        // in the base frame, m/s2

  // Estimator: standard deviations of one sample, rad or m and their rates.
  double position_noise;
  double velocity_noise;
  double acceleration_noise;  // what the model of the motion is wrong by in one cycle, rad/s2 or m/s2
  double disturbance_walk;    // change of the acceleration by external torque, rad/s2 per root of a second
  double innovation_gate;     // a measurement farther off than so many standard deviations is an outlier

  // Contact: an external torque is one when the following together cannot explain it.
  double contact_gain_radps;     // bandwidth of the observer; 0: the drives measure no torque, nothing is detected
  double contact_model_error;    // share that masses, inertias and friction may differ from the model
  double contact_floor;          // share of the torque limit: noise
  double contact_payload_kg;     // heaviest object that the hand may carry, unannounced
  double contact_touch_n;        // force with which the hand may touch things as part of its work
  double contact_hand_radius_m;  // how far from the TCP payload and touch may act

  std::int64_t period_ns;
  std::int64_t observation_age_limit_ns;
  std::int64_t chunk_duration_limit_ns;
  std::int64_t lateness_limit_ns;           // time skipped in one go that latches a stop
  std::int64_t lateness_limit_degraded_ns;  // the same without real-time permission
  std::uint32_t stream_lease_cycles;
  std::uint32_t agent_lease_cycles;
  std::uint32_t drive_lost_cycles;  // executed cycles without a fresh drive state
  std::uint32_t drive_lost_cycles_degraded;
  std::uint32_t drive_watchdog_cycles;  // the drives' own, for those who set them up
  std::uint32_t drive_watchdog_cycles_degraded;

  // Separation from people, with the terms of ISO/TS 15066, 5.5.4.
  double person_speed_mps;       // v_h: towards the robot
  double robot_reaction_s;       // T_r: from the measurement's stamp on, what the ages and delays seen here leave out
  double intrusion_m;            // C: how far a part of the body may reach without being seen
  double person_uncertainty_m;   // Z_d
  double robot_uncertainty_m;    // Z_r
  double full_speed_mps;         // fastest point of the arm when nothing asks for care
  double reduced_tcp_speed_mps;  // while nobody measures the distance

  // What the arm must not meet: itself, and the zones.
  double self_clearance_m;  // left between the two capsules of each pair
  std::array<Capsule, kMaxCapsules> capsule;
  std::array<CapsulePair, kMaxPairs> pair;
  std::array<Zone, kMaxZones> zone;

  double position_tolerance;   // rad or m that a measured axis may be outside its limits
  double standstill_velocity;  // rad/s or m/s below which an axis is at rest
  double ramp_tolerance;       // share of the velocity limit that a stop ramp may lag behind
  double reseed_tolerance;     // rad or m between reference and measurement before a motion begins anew

  std::array<ConstraintSlot, kMaxSources> constraint_slot;
};

// Every field zero or its default; the caller fills the axes.
[[nodiscard]] RobotModel default_model() noexcept;

// Empty if the model can be run; otherwise one line with the axis, the value and what is allowed.
[[nodiscard]] std::string fault_of(const RobotModel& model);

// With magic, version and CRC in front.
[[nodiscard]] std::string to_bytes(const RobotModel& model);

// Throws ChannelFault unless the bytes are those of to_bytes and the model can be run.
[[nodiscard]] RobotModel model_from_bytes(std::span<const std::byte> bytes);

}  // namespace dynamical::rt
