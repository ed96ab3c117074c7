#include "rt_control/model.hpp"

#include <nanobind/stl/vector.h>

#include "message.hpp"
#include "rt_control/mapping.hpp"

namespace dynamical::rt {

#define RT_FIELD(owner, name) field(#name, &owner::name, offsetof(owner, name))

template <>
struct Fields<ConstraintSlot> {
  static constexpr auto list =
      std::tuple{RT_FIELD(ConstraintSlot, source), RT_FIELD(ConstraintSlot, lease_cycles),
                 RT_FIELD(ConstraintSlot, stale_speed_scale), RT_FIELD(ConstraintSlot, stale_margin_scale),
                 RT_FIELD(ConstraintSlot, stale_tcp_speed_mps)};
};

// Names, kinds and constraint slots are bound as lists, below.
template <>
struct Fields<RobotModel> {
  static constexpr auto list = std::tuple{RT_FIELD(RobotModel, axes),
                                          RT_FIELD(RobotModel, arm_axes),
                                          RT_FIELD(RobotModel, simulated),
                                          RT_FIELD(RobotModel, lower),
                                          RT_FIELD(RobotModel, upper),
                                          RT_FIELD(RobotModel, velocity),
                                          RT_FIELD(RobotModel, acceleration),
                                          RT_FIELD(RobotModel, jerk),
                                          RT_FIELD(RobotModel, torque),
                                          RT_FIELD(RobotModel, position_parent),
                                          RT_FIELD(RobotModel, quaternion_parent),
                                          RT_FIELD(RobotModel, axis_vector),
                                          RT_FIELD(RobotModel, tcp_position),
                                          RT_FIELD(RobotModel, tcp_quaternion),
                                          RT_FIELD(RobotModel, mass),
                                          RT_FIELD(RobotModel, centre_of_mass),
                                          RT_FIELD(RobotModel, inertia),
                                          RT_FIELD(RobotModel, armature),
                                          RT_FIELD(RobotModel, damping),
                                          RT_FIELD(RobotModel, dry_friction),
                                          RT_FIELD(RobotModel, gravity),
                                          RT_FIELD(RobotModel, position_noise),
                                          RT_FIELD(RobotModel, velocity_noise),
                                          RT_FIELD(RobotModel, acceleration_noise),
                                          RT_FIELD(RobotModel, disturbance_walk),
                                          RT_FIELD(RobotModel, innovation_gate),
                                          RT_FIELD(RobotModel, contact_gain_radps),
                                          RT_FIELD(RobotModel, contact_model_error),
                                          RT_FIELD(RobotModel, contact_floor),
                                          RT_FIELD(RobotModel, contact_payload_kg),
                                          RT_FIELD(RobotModel, contact_touch_n),
                                          RT_FIELD(RobotModel, contact_hand_radius_m),
                                          RT_FIELD(RobotModel, period_ns),
                                          RT_FIELD(RobotModel, observation_age_limit_ns),
                                          RT_FIELD(RobotModel, chunk_duration_limit_ns),
                                          RT_FIELD(RobotModel, lateness_limit_ns),
                                          RT_FIELD(RobotModel, lateness_limit_degraded_ns),
                                          RT_FIELD(RobotModel, stream_lease_cycles),
                                          RT_FIELD(RobotModel, agent_lease_cycles),
                                          RT_FIELD(RobotModel, drive_lost_cycles),
                                          RT_FIELD(RobotModel, drive_lost_cycles_degraded),
                                          RT_FIELD(RobotModel, drive_watchdog_cycles),
                                          RT_FIELD(RobotModel, drive_watchdog_cycles_degraded),
                                          RT_FIELD(RobotModel, stop_m),
                                          RT_FIELD(RobotModel, slow_m),
                                          RT_FIELD(RobotModel, reduced_tcp_speed_mps),
                                          RT_FIELD(RobotModel, position_tolerance),
                                          RT_FIELD(RobotModel, standstill_velocity),
                                          RT_FIELD(RobotModel, ramp_tolerance),
                                          RT_FIELD(RobotModel, reseed_tolerance)};
};

#undef RT_FIELD

}  // namespace dynamical::rt

namespace dynamical::rt::python {
namespace {

void check_count(const char* what, std::size_t count, std::size_t most) {
  if (count > most) {
    throw nb::value_error(
        (std::string(what) + ": " + std::to_string(count) + " given, at most " + std::to_string(most)).c_str());
  }
}

std::vector<std::string> names(const RobotModel& model) {
  std::vector<std::string> result;
  for (std::size_t axis = 0; axis < std::min<std::size_t>(model.axes, kMaxAxes); ++axis) {
    const auto& name = model.name[axis];
    result.emplace_back(name.data(), strnlen(name.data(), name.size()));
  }
  return result;
}

void set_names(RobotModel& model, const std::vector<std::string>& values) {
  check_count("names", values.size(), kMaxAxes);
  model.name = {};
  for (std::size_t axis = 0; axis < values.size(); ++axis) {
    check_count("bytes of an axis name", values[axis].size(), kNameBytes - 1);
    std::copy(values[axis].begin(), values[axis].end(), model.name[axis].begin());
  }
}

ConstraintSlot default_slot() { return default_model().constraint_slot[0]; }

}  // namespace

void bind_model(nb::module_& module) {
  bind_struct<ConstraintSlot>(module, "ConstraintSlot", "A source of constraints that must be heard.", default_slot);
  auto model = bind_struct<RobotModel>(module, "RobotModel", "What rt_control knows of its robot.",
                                       [] { return default_model(); });
  model.def_prop_rw("names", names, set_names, "Names of the axes, at most 39 bytes each; set `axes` first.");
  model.def_prop_rw(
      "kinds",
      [](const RobotModel& self) {
        return std::vector<AxisKind>(self.kind.begin(),
                                     self.kind.begin() + std::min<std::ptrdiff_t>(self.axes, kMaxAxes));
      },
      [](RobotModel& self, const std::vector<AxisKind>& values) {
        check_count("kinds", values.size(), kMaxAxes);
        self.kind = {};
        std::copy(values.begin(), values.end(), self.kind.begin());
      });
  model.def_prop_rw(
      "constraint_slots",
      [](const RobotModel& self) {
        return std::vector<ConstraintSlot>(
            self.constraint_slot.begin(),
            self.constraint_slot.begin() + std::min<std::ptrdiff_t>(self.constraint_slots, kMaxSources));
      },
      [](RobotModel& self, const std::vector<ConstraintSlot>& values) {
        check_count("constraint_slots", values.size(), kMaxSources);
        std::copy(values.begin(), values.end(), self.constraint_slot.begin());
        self.constraint_slots = static_cast<std::uint32_t>(values.size());
      },
      "A copy of the list; assign a whole one.");
  model.def("fault", fault_of, "Empty if the model can be run; otherwise one line saying what is wrong with it.");
  model.def(
      "to_bytes",
      [](const RobotModel& self) {
        const std::string bytes = to_bytes(self);
        return nb::bytes(bytes.data(), bytes.size());
      },
      "With magic, version and checksum in front.");
  model.def_static(
      "from_bytes",
      [](const nb::bytes& data) {
        return model_from_bytes({reinterpret_cast<const std::byte*>(data.c_str()), data.size()});
      },
      nb::arg("data"), "Raises ChannelError unless the bytes are those of to_bytes of this build, and can be run.");
}

}  // namespace dynamical::rt::python
