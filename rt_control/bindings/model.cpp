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

template <>
struct Fields<Capsule> {
  static constexpr auto list =
      std::tuple{RT_FIELD(Capsule, link), RT_FIELD(Capsule, begin), RT_FIELD(Capsule, end), RT_FIELD(Capsule, radius)};
};

template <>
struct Fields<CapsulePair> {
  static constexpr auto list = std::tuple{RT_FIELD(CapsulePair, first), RT_FIELD(CapsulePair, second)};
};

template <>
struct Fields<Zone> {
  static constexpr auto list = std::tuple{RT_FIELD(Zone, kind), RT_FIELD(Zone, lower), RT_FIELD(Zone, upper)};
};

// Names and all lists are bound below.
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
                                          RT_FIELD(RobotModel, person_speed_mps),
                                          RT_FIELD(RobotModel, robot_reaction_s),
                                          RT_FIELD(RobotModel, intrusion_m),
                                          RT_FIELD(RobotModel, person_uncertainty_m),
                                          RT_FIELD(RobotModel, robot_uncertainty_m),
                                          RT_FIELD(RobotModel, full_speed_mps),
                                          RT_FIELD(RobotModel, self_clearance_m),
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

// A list that the model holds as an array and a count.
template <typename Item, std::size_t most>
void bind_list(nb::class_<RobotModel>& model, const char* name, std::uint32_t RobotModel::* count,
               std::array<Item, most> RobotModel::* items, const char* doc) {
  model.def_prop_rw(
      name,
      [count, items](const RobotModel& self) {
        const auto& all = self.*items;
        return std::vector<Item>(all.begin(), all.begin() + std::min<std::ptrdiff_t>(self.*count, most));
      },
      [name, count, items](RobotModel& self, const std::vector<Item>& values) {
        check_count(name, values.size(), most);
        std::copy(values.begin(), values.end(), (self.*items).begin());
        self.*count = static_cast<std::uint32_t>(values.size());
      },
      doc);
}

template <typename Item>
void bind_name(nb::class_<Item>& item) {
  item.def_prop_rw(
      "name", [](const Item& self) { return std::string(self.name.data(), strnlen(self.name.data(), kNameBytes)); },
      [](Item& self, const std::string& value) {
        check_count("bytes of a name", value.size(), kNameBytes - 1);
        self.name = {};
        std::copy(value.begin(), value.end(), self.name.begin());
      },
      "At most 39 bytes.");
}

ConstraintSlot default_slot() { return default_model().constraint_slot[0]; }

}  // namespace

void bind_model(nb::module_& module) {
  bind_struct<ConstraintSlot>(module, "ConstraintSlot", "A source of constraints that must be heard.", default_slot);
  auto capsule = bind_struct<Capsule>(module, "Capsule", "Shape of a part of the arm, in the frame of its axis.");
  bind_name(capsule);
  bind_struct<CapsulePair>(module, "CapsulePair", "Two capsules that must not meet, by their indices.");
  auto zone = bind_struct<Zone>(module, "Zone", "A box in the base frame that the arm keeps out of, or in.");
  bind_name(zone);
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
  const char* copied = "A copy of the list; assign a whole one.";
  bind_list(model, "constraint_slots", &RobotModel::constraint_slots, &RobotModel::constraint_slot, copied);
  bind_list(model, "capsules", &RobotModel::capsules, &RobotModel::capsule, copied);
  bind_list(model, "pairs", &RobotModel::pairs, &RobotModel::pair, copied);
  bind_list(model, "zones", &RobotModel::zones, &RobotModel::zone, copied);
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
