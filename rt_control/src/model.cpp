#include "rt_control/model.hpp"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include "rt_control/crc32c.hpp"
#include "rt_control/mapping.hpp"

namespace dynamical::rt {
namespace {

static_assert(std::is_trivially_copyable_v<RobotModel> && std::is_standard_layout_v<RobotModel>);

struct ModelHeader {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t crc;
  std::uint64_t layout_hash;
  std::uint64_t size;
};

constexpr double kUnitTolerance = 1e-6;

bool is_unit(std::span<const double> values) {
  double square = 0;
  for (const double value : values) {
    square += value * value;
  }
  return std::abs(square - 1.0) <= kUnitTolerance;
}

bool is_finite(std::span<const double> values) {
  for (const double value : values) {
    if (!std::isfinite(value)) {
      return false;
    }
  }
  return true;
}

std::string text(double value) {
  std::array<char, 32> digits{};
  std::snprintf(digits.data(), digits.size(), "%g", value);
  return digits.data();
}

// A rigid body has a positive mass, and principal moments of inertia of which none exceeds the sum of the others.
std::string body_fault(const RobotModel& model, std::size_t axis) {
  if (!std::isfinite(model.mass[axis]) || !(model.mass[axis] > 0)) {
    return "mass is " + text(model.mass[axis]) + ", must be more than 0";
  }
  if (!is_finite(model.centre_of_mass[axis]) || !is_finite(model.inertia[axis])) {
    return "centre_of_mass or inertia is not finite";
  }
  const auto& [xx, yy, zz, xy, xz, yz] = model.inertia[axis];
  Eigen::Matrix3d inertia;
  inertia << xx, xy, xz, xy, yy, yz, xz, yz, zz;
  const Eigen::Vector3d moment =
      Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d>(inertia, Eigen::EigenvaluesOnly).eigenvalues();
  if (!(moment(0) > 0)) {
    return "smallest principal moment of inertia is " + text(moment(0)) + ", must be more than 0";
  }
  if (moment(2) > (moment(0) + moment(1)) * (1 + kUnitTolerance)) {
    return "largest principal moment of inertia is " + text(moment(2)) + ", at most the sum of the others (" +
           text(moment(0) + moment(1)) + ")";
  }
  for (const auto& [what, value] :
       {std::pair{"armature", model.armature[axis]}, std::pair{"damping", model.damping[axis]},
        std::pair{"dry_friction", model.dry_friction[axis]}}) {
    if (!std::isfinite(value) || value < 0) {
      return std::string(what) + " is " + text(value) + ", must be at least 0";
    }
  }
  return "";
}

std::string axis_fault(const RobotModel& model, std::size_t axis) {
  const std::string name = "axis " + std::to_string(axis) + " (" +
                           std::string(model.name[axis].data(), strnlen(model.name[axis].data(), kNameBytes)) + ")";
  if (model.name[axis].back() != '\0') {
    return name + ": name is longer than " + std::to_string(kNameBytes - 1) + " bytes; shorten it";
  }
  if (model.kind[axis] != AxisKind::revolute && model.kind[axis] != AxisKind::prismatic) {
    return name + ": kind is " + std::to_string(static_cast<unsigned>(model.kind[axis])) +
           ", allowed are revolute and prismatic";
  }
  if (!std::isfinite(model.lower[axis]) || !std::isfinite(model.upper[axis]) ||
      !(model.lower[axis] < model.upper[axis])) {
    return name + ": lower limit is " + text(model.lower[axis]) + " and upper " + text(model.upper[axis]) +
           ", lower must be less than upper";
  }
  const auto positive = [&](const char* what, double value) -> std::string {
    return std::isfinite(value) && value > 0
               ? ""
               : name + ": " + what + " limit is " + text(value) + ", must be more than 0";
  };
  for (const std::string& fault :
       {positive("velocity", model.velocity[axis]), positive("acceleration", model.acceleration[axis]),
        positive("jerk", model.jerk[axis]), positive("torque", model.torque[axis])}) {
    if (!fault.empty()) {
      return fault;
    }
  }
  if (axis < model.arm_axes) {
    if (!is_finite(model.position_parent[axis])) {
      return name + ": position_parent is not finite";
    }
    if (!is_unit(model.quaternion_parent[axis])) {
      return name + ": quaternion_parent is not of length 1";
    }
    if (!is_unit(model.axis_vector[axis])) {
      return name + ": axis_vector is not of length 1";
    }
    if (const std::string fault = body_fault(model, axis); !fault.empty()) {
      return name + ": " + fault;
    }
  }
  return "";
}

struct Amount {
  template <typename Number>
  Amount(const char* what, Number number) : name(what), value(static_cast<double>(number)) {}
  const char* name;
  double value;
};

std::string slot_fault(const ConstraintSlot& slot) {
  const auto source = static_cast<std::size_t>(slot.source);
  const std::string name = "constraint source " + std::to_string(source);
  if (source == 0 || source >= kMaxSources) {
    return name + ": allowed are 1 to " + std::to_string(kMaxSources - 1);
  }
  if (slot.lease_cycles == 0) {
    return name + ": lease_cycles is 0, must be at least 1";
  }
  if (!(slot.stale_speed_scale >= 0 && slot.stale_speed_scale <= 1)) {
    return name + ": stale_speed_scale is " + text(slot.stale_speed_scale) + ", allowed are 0 to 1";
  }
  if (!(slot.stale_margin_scale >= 1 && std::isfinite(slot.stale_margin_scale))) {
    return name + ": stale_margin_scale is " + text(slot.stale_margin_scale) + ", must be at least 1";
  }
  if (!(slot.stale_tcp_speed_mps > 0)) {
    return name + ": stale_tcp_speed_mps is " + text(slot.stale_tcp_speed_mps) +
           ", must be more than 0 (infinity: no limit)";
  }
  return "";
}

std::string name_of(const std::array<char, kNameBytes>& name) {
  return std::string(name.data(), strnlen(name.data(), kNameBytes));
}

std::string capsule_fault(const RobotModel& model, const Capsule& capsule) {
  const std::string name = "capsule '" + name_of(capsule.name) + "'";
  if (capsule.name.back() != '\0') {
    return name + ": name is longer than " + std::to_string(kNameBytes - 1) + " bytes; shorten it";
  }
  if (capsule.link < kBaseLink || capsule.link >= static_cast<std::int32_t>(model.arm_axes)) {
    return name + ": link is " + std::to_string(capsule.link) + ", allowed are -1 (the base) to " +
           std::to_string(model.arm_axes - 1);
  }
  if (!is_finite(capsule.begin) || !is_finite(capsule.end)) {
    return name + ": begin or end is not finite";
  }
  if (!std::isfinite(capsule.radius) || !(capsule.radius > 0)) {
    return name + ": radius is " + text(capsule.radius) + ", must be more than 0";
  }
  return "";
}

std::string zone_fault(const Zone& zone) {
  const std::string name = "zone '" + name_of(zone.name) + "'";
  if (zone.name.back() != '\0') {
    return name + ": name is longer than " + std::to_string(kNameBytes - 1) + " bytes; shorten it";
  }
  if (zone.kind != ZoneKind::keep_out && zone.kind != ZoneKind::keep_in) {
    return name + ": kind is " + std::to_string(static_cast<unsigned>(zone.kind)) +
           ", allowed are keep_out and keep_in";
  }
  for (std::size_t side = 0; side < 3; ++side) {
    if (!(zone.lower[side] < zone.upper[side])) {
      return name + ": lower is " + text(zone.lower[side]) + " and upper " + text(zone.upper[side]) +
             ", lower must be less than upper";
    }
  }
  return "";
}

std::string shape_fault(const RobotModel& model) {
  for (const auto& [what, count, most] :
       {std::tuple{"capsules", model.capsules, kMaxCapsules}, std::tuple{"pairs", model.pairs, kMaxPairs},
        std::tuple{"zones", model.zones, kMaxZones}}) {
    if (count > most) {
      return std::string(what) + " is " + std::to_string(count) + ", at most " + std::to_string(most);
    }
  }
  for (std::size_t index = 0; index < model.capsules; ++index) {
    if (std::string fault = capsule_fault(model, model.capsule[index]); !fault.empty()) {
      return fault;
    }
  }
  for (std::size_t index = 0; index < model.pairs; ++index) {
    const CapsulePair& pair = model.pair[index];
    if (pair.first >= model.capsules || pair.second >= model.capsules ||
        model.capsule[pair.first].link >= model.capsule[pair.second].link) {
      return "pair " + std::to_string(index) + " is of capsules " + std::to_string(pair.first) + " and " +
             std::to_string(pair.second) + ", allowed are two of them, the one nearer to the base first";
    }
  }
  for (std::size_t index = 0; index < model.zones; ++index) {
    if (std::string fault = zone_fault(model.zone[index]); !fault.empty()) {
      return fault;
    }
  }
  return "";
}

}  // namespace

RobotModel default_model() noexcept {
  RobotModel model{};
  for (std::size_t axis = 0; axis < kMaxAxes; ++axis) {
    model.quaternion_parent[axis] = {1, 0, 0, 0};
    model.axis_vector[axis] = {0, 0, 1};
    model.mass[axis] = 1.0;
    model.inertia[axis] = {0.01, 0.01, 0.01, 0, 0, 0};
  }
  model.gravity = {0, 0, -9.81};
  model.tcp_quaternion = {1, 0, 0, 0};
  model.period_ns = 1'000'000;
  model.observation_age_limit_ns = 400'000'000;
  model.chunk_duration_limit_ns = 2'000'000'000;
  model.lateness_limit_ns = 5'000'000;
  model.lateness_limit_degraded_ns = 250'000'000;
  model.stream_lease_cycles = 20;
  model.agent_lease_cycles = 250;
  model.drive_lost_cycles = 5;
  model.drive_lost_cycles_degraded = 50;
  model.drive_watchdog_cycles = 5;
  model.drive_watchdog_cycles_degraded = 50;
  model.person_speed_mps = 1.6;  // ISO 13855: walking speed
  model.robot_reaction_s = 0.02;
  model.intrusion_m = 0.1;
  model.person_uncertainty_m = 0.05;
  model.robot_uncertainty_m = 0.005;
  model.full_speed_mps = 1.7;
  model.reduced_tcp_speed_mps = 0.25;  // ISO 10218-1: reduced speed
  model.position_tolerance = 0.01;
  model.standstill_velocity = 0.02;
  model.ramp_tolerance = 0.15;
  model.reseed_tolerance = 0.05;
  model.position_noise = 2e-5;
  model.velocity_noise = 2e-3;
  model.acceleration_noise = 2.0;
  model.disturbance_walk = 100.0;
  model.innovation_gate = 5.0;
  model.contact_gain_radps = 0;
  model.contact_model_error = 0.1;
  model.contact_floor = 0.02;
  model.contact_payload_kg = 0.5;
  model.contact_touch_n = 30.0;
  model.contact_hand_radius_m = 0.05;
  for (ConstraintSlot& slot : model.constraint_slot) {
    slot.lease_cycles = 250;
    slot.stale_speed_scale = 1.0;
    slot.stale_margin_scale = 1.0;
    slot.stale_tcp_speed_mps = std::numeric_limits<double>::infinity();
  }
  return model;
}

std::string fault_of(const RobotModel& model) {
  if (model.axes == 0 || model.axes > kMaxAxes) {
    return "axes is " + std::to_string(model.axes) + ", allowed are 1 to " + std::to_string(kMaxAxes);
  }
  if (model.arm_axes == 0 || model.arm_axes > model.axes) {
    return "arm_axes is " + std::to_string(model.arm_axes) + ", allowed are 1 to axes (" + std::to_string(model.axes) +
           ")";
  }
  if (model.constraint_slots > kMaxSources) {
    return "constraint_slots is " + std::to_string(model.constraint_slots) + ", at most " + std::to_string(kMaxSources);
  }
  for (std::size_t axis = 0; axis < model.axes; ++axis) {
    if (std::string fault = axis_fault(model, axis); !fault.empty()) {
      return fault;
    }
  }
  if (!is_finite(model.tcp_position) || !is_unit(model.tcp_quaternion)) {
    return "tcp_position must be finite and tcp_quaternion of length 1";
  }
  if (model.simulated == 0 && model.constraint_slots == 0) {
    return "constraint_slots is 0, must be at least 1: somebody has to measure how near people are to a real robot";
  }
  for (std::size_t slot = 0; slot < model.constraint_slots; ++slot) {
    if (std::string fault = slot_fault(model.constraint_slot[slot]); !fault.empty()) {
      return fault;
    }
  }
  for (const Amount& amount :
       {Amount{"period_ns", model.period_ns}, Amount{"observation_age_limit_ns", model.observation_age_limit_ns},
        Amount{"chunk_duration_limit_ns", model.chunk_duration_limit_ns},
        Amount{"lateness_limit_ns", model.lateness_limit_ns},
        Amount{"lateness_limit_degraded_ns", model.lateness_limit_degraded_ns},
        Amount{"stream_lease_cycles", model.stream_lease_cycles},
        Amount{"agent_lease_cycles", model.agent_lease_cycles}, Amount{"drive_lost_cycles", model.drive_lost_cycles},
        Amount{"drive_lost_cycles_degraded", model.drive_lost_cycles_degraded},
        Amount{"drive_watchdog_cycles", model.drive_watchdog_cycles},
        Amount{"drive_watchdog_cycles_degraded", model.drive_watchdog_cycles_degraded},
        Amount{"person_speed_mps", model.person_speed_mps}, Amount{"full_speed_mps", model.full_speed_mps},
        Amount{"reduced_tcp_speed_mps", model.reduced_tcp_speed_mps},
        Amount{"position_tolerance", model.position_tolerance},
        Amount{"standstill_velocity", model.standstill_velocity}, Amount{"ramp_tolerance", model.ramp_tolerance},
        Amount{"reseed_tolerance", model.reseed_tolerance}}) {
    if (!std::isfinite(amount.value) || amount.value <= 0) {
      return std::string(amount.name) + " is " + text(amount.value) + ", must be more than 0";
    }
  }
  if (!is_finite(model.gravity)) {
    return "gravity is not finite";
  }
  for (const Amount& amount :
       {Amount{"position_noise", model.position_noise}, Amount{"velocity_noise", model.velocity_noise},
        Amount{"acceleration_noise", model.acceleration_noise}, Amount{"disturbance_walk", model.disturbance_walk},
        Amount{"innovation_gate", model.innovation_gate}, Amount{"contact_floor", model.contact_floor}}) {
    if (!std::isfinite(amount.value) || amount.value <= 0) {
      return std::string(amount.name) + " is " + text(amount.value) + ", must be more than 0";
    }
  }
  for (const Amount& amount :
       {Amount{"contact_gain_radps", model.contact_gain_radps},
        Amount{"contact_model_error", model.contact_model_error}, Amount{"robot_reaction_s", model.robot_reaction_s},
        Amount{"intrusion_m", model.intrusion_m}, Amount{"person_uncertainty_m", model.person_uncertainty_m},
        Amount{"robot_uncertainty_m", model.robot_uncertainty_m}, Amount{"self_clearance_m", model.self_clearance_m},
        Amount{"contact_payload_kg", model.contact_payload_kg}, Amount{"contact_touch_n", model.contact_touch_n},
        Amount{"contact_hand_radius_m", model.contact_hand_radius_m}}) {
    if (!std::isfinite(amount.value) || amount.value < 0) {
      return std::string(amount.name) + " is " + text(amount.value) + ", must be at least 0";
    }
  }
  return shape_fault(model);
}

std::string to_bytes(const RobotModel& model) {
  const std::span<const std::byte> body = std::as_bytes(std::span<const RobotModel, 1>(&model, 1));
  const ModelHeader header{kModelMagic, kModelVersion, crc32c(body), kLayoutHash, sizeof(RobotModel)};
  std::string bytes(sizeof(header) + body.size(), '\0');
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), body.data(), body.size());
  return bytes;
}

RobotModel model_from_bytes(std::span<const std::byte> bytes) {
  ModelHeader header{};
  if (bytes.size() != sizeof(header) + sizeof(RobotModel)) {
    throw ChannelFault("robot model: " + std::to_string(bytes.size()) + " bytes, expected " +
                       std::to_string(sizeof(header) + sizeof(RobotModel)) + "; compile it again with this build");
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kModelMagic || header.version != kModelVersion || header.layout_hash != kLayoutHash ||
      header.size != sizeof(RobotModel)) {
    throw ChannelFault("robot model: version " + std::to_string(header.version) + ", expected " +
                       std::to_string(kModelVersion) + " of this build; compile it again");
  }
  const std::span<const std::byte> body = bytes.subspan(sizeof(header));
  if (crc32c(body) != header.crc) {
    throw ChannelFault("robot model: the checksum does not fit its bytes; compile it again");
  }
  RobotModel model{};
  std::memcpy(&model, body.data(), sizeof(model));
  if (const std::string fault = fault_of(model); !fault.empty()) {
    throw ChannelFault("robot model: " + fault + "; mend the robot's description");
  }
  return model;
}

}  // namespace dynamical::rt
