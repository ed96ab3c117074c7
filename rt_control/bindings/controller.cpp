#include "rt_control/controller.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <vector>

#include "axis_arrays.hpp"
#include "message.hpp"
#include "rt_control/faults.hpp"
#include "rt_control/limits.hpp"
#include "rt_control/mapping.hpp"
#include "rt_control/ramp.hpp"

namespace dynamical::rt::python {
namespace {

// What rt_control::Inputs points to, owned.
struct PythonInputs {
  std::int64_t now_ns = 0;
  std::optional<DriveState> drive_state;
  std::vector<Command> commands;
  std::vector<Source> corrupt_commands;
  std::vector<Constraints> constraints;
  std::optional<Heartbeat> agent_heartbeat;
  std::vector<Request> requests;
  std::int64_t wake_latency_ns = 0;
  std::int64_t compute_ns = 0;
  StageTimes stages{};
  std::uint64_t deadline_misses = 0;
  std::uint64_t skipped_cycles = 0;
  std::uint64_t requests_lost = 0;
  std::uint32_t realtime = 0;
  bool channel_broken = false;
  std::int32_t forbidden_call = -1;
  bool shutdown = false;

  [[nodiscard]] Inputs view() const {
    Inputs inputs;
    inputs.now_ns = now_ns;
    inputs.drive_state = drive_state ? &*drive_state : nullptr;
    for (const Command& command : commands) {
      inputs.command[index_of(command.source)] = &command;
    }
    for (const Source source : corrupt_commands) {
      inputs.corrupt_commands |= 1U << index_of(source);
    }
    for (const Constraints& message : constraints) {
      inputs.constraints[index_of(message.source)] = &message;
    }
    inputs.agent_heartbeat = agent_heartbeat ? &*agent_heartbeat : nullptr;
    inputs.requests = requests;
    inputs.wake_latency_ns = wake_latency_ns;
    inputs.compute_ns = compute_ns;
    inputs.stages = stages;
    inputs.deadline_misses = deadline_misses;
    inputs.skipped_cycles = skipped_cycles;
    inputs.requests_lost = requests_lost;
    inputs.realtime = realtime;
    inputs.channel_broken = channel_broken;
    inputs.forbidden_call = forbidden_call;
    inputs.shutdown = shutdown;
    return inputs;
  }

 private:
  static std::size_t index_of(Source source) {
    const auto index = static_cast<std::size_t>(source);
    if (index >= kMaxSources) {
      throw nb::value_error(
          ("source " + std::to_string(index) + ", at most " + std::to_string(kMaxSources - 1)).c_str());
    }
    return index;
  }
};

class PythonController {
 public:
  PythonController(const RobotModel& model, std::uint64_t generation, const std::optional<State>& previous)
      : controller_(model, Start{generation, previous ? &*previous : nullptr}) {
    if (const std::string fault = fault_of(model); !fault.empty()) {
      throw ChannelFault("robot model: " + fault + "; mend the robot's description");
    }
  }

  Outputs* step(const PythonInputs& inputs) {
    auto outputs = std::make_unique<Outputs>();
    controller_.step(inputs.view(), *outputs);
    return outputs.release();
  }

 private:
  Controller controller_;
};

void bind_inputs(const nb::module_& module) {
  nb::class_<PythonInputs>(module, "Inputs", "What one cycle reads; only what is new in this cycle.")
      .def(nb::init<>())
      .def_rw("now_ns", &PythonInputs::now_ns, "When this cycle was due.")
      .def_rw("drive_state", &PythonInputs::drive_state, nb::arg().none())
      .def_rw("commands", &PythonInputs::commands, "At most one per source. A copy; assign a whole list.")
      .def_rw("corrupt_commands", &PythonInputs::corrupt_commands, "Sources whose new command failed its checksum.")
      .def_rw("constraints", &PythonInputs::constraints, "At most one per source. A copy; assign a whole list.")
      .def_rw("agent_heartbeat", &PythonInputs::agent_heartbeat, nb::arg().none())
      .def_rw("requests", &PythonInputs::requests, "A copy; assign a whole list. `origin` is that of the queue.")
      .def_rw("wake_latency_ns", &PythonInputs::wake_latency_ns)
      .def_rw("compute_ns", &PythonInputs::compute_ns)
      .def_rw("stages", &PythonInputs::stages, "Of the cycle before.")
      .def_rw("deadline_misses", &PythonInputs::deadline_misses)
      .def_rw("skipped_cycles", &PythonInputs::skipped_cycles)
      .def_rw("requests_lost", &PythonInputs::requests_lost, "Refused or corrupt, since the start.")
      .def_rw("realtime", &PythonInputs::realtime, "RealtimeStatus bits.")
      .def_rw("channel_broken", &PythonInputs::channel_broken)
      .def_rw("forbidden_call", &PythonInputs::forbidden_call, "Number of a refused system call; -1: none.")
      .def_rw("shutdown", &PythonInputs::shutdown);
}

void bind_faults(nb::module_& module) {
  nb::enum_<Resetter>(module, "Resetter", nb::is_arithmetic(), "Who may end a latched stop.")
      .value("nobody", Resetter::nobody)
      .value("operator_", Resetter::operator_)
      .value("requester", Resetter::requester);
  nb::class_<FaultRule>(module, "FaultRule", "What one fault does.")
      .def_ro("fault", &FaultRule::fault)
      .def_ro("stop", &FaultRule::stop)
      .def_ro("latched", &FaultRule::latched)
      .def_ro("resetter", &FaultRule::resetter)
      .def_prop_ro("text", [](const FaultRule& self) { return std::string(self.text); })
      .def_prop_ro(
          "outcome", [](const FaultRule& self) { return std::string(self.outcome); }, "Of a run that nobody attends.");
  module.def(
      "fault_table", [] { return std::vector<FaultRule>(kFaultTable.begin(), kFaultTable.end()); },
      "The table of faults, in the order of Fault.");
  module.def(
      "execution_table",
      [] {
        std::vector<std::vector<ExecutionState>> table;
        table.reserve(kExecutionTable.size());
        for (const auto& row : kExecutionTable) {
          table.emplace_back(row.begin(), row.end());
        }
        return table;
      },
      "Next execution state by state and ExecutionEvent.");
  nb::enum_<ExecutionEvent>(module, "ExecutionEvent", nb::is_arithmetic(), "What changes the execution state.")
      .value("moves", ExecutionEvent::moves)
      .value("brakes", ExecutionEvent::brakes)
      .value("rests", ExecutionEvent::rests)
      .value("released", ExecutionEvent::released)
      .value("ramps_down", ExecutionEvent::ramps_down)
      .value("ramp_ended", ExecutionEvent::ramp_ended)
      .value("torque_off", ExecutionEvent::torque_off)
      .value("reset", ExecutionEvent::reset);
}

void bind_stop_machine(const nb::module_& module) {
  nb::class_<StopMachine>(module, "StopMachine", "Which stop is in force and why.")
      .def(nb::init<>())
      .def(
          "raise_fault",
          [](StopMachine& self, Fault fault, Source source) {
            return self.raise({fault, Stop::none, -1, source, 0, 0, 0, 0});
          },
          nb::arg("fault"), nb::arg("source") = Source::none, "True if this fault was not in force yet.")
      .def("release", &StopMachine::release, "Ends an SS2; a latched stop stays.")
      .def("reset", &StopMachine::reset, "Ends every stop; the caller has checked that it may.")
      .def("may_reset", &StopMachine::may_reset, nb::arg("origin"))
      .def_prop_ro("in_force", &StopMachine::in_force)
      .def_prop_ro("latched", &StopMachine::latched)
      .def_prop_ro("first", [](const StopMachine& self) { return self.first().fault; })
      .def_prop_ro("last", [](const StopMachine& self) { return self.last().fault; });
}

// The core takes all axes that there may be; in Python those of the robot are enough.
struct PythonRampMonitor {
  RampMonitor monitor;
  std::size_t axes;

  [[nodiscard]] AxisVector take(nb::handle value) const { return axes_of(axes, value, "axis velocities"); }
};

void bind_ramp(const nb::module_& module) {
  nb::class_<PythonRampMonitor>(module, "RampMonitor",
                                "Supervises a stop ramp: does the robot slow down as it was told?")
      .def(
          "__init__",
          [](PythonRampMonitor* self, const RobotModel& model) {
            if (const std::string fault = fault_of(model); !fault.empty()) {
              throw ChannelFault("robot model: " + fault + "; mend the robot's description");
            }
            new (self) PythonRampMonitor{RampMonitor(model), model.axes};
          },
          nb::arg("model"))
      .def(
          "begin",
          [](PythonRampMonitor& self, nb::handle measured, nb::handle reference) {
            self.monitor.begin(self.take(measured), self.take(reference));
          },
          nb::arg("measured"), nb::arg("reference"),
          nb::sig("def begin(self, measured: numpy.typing.ArrayLike, reference: numpy.typing.ArrayLike) -> None"),
          "A ramp begins, with these velocities of all axes.")
      .def(
          "check",
          [](PythonRampMonitor& self, nb::handle measured, nb::handle reference) {
            return self.monitor.check(self.take(measured), self.take(reference));
          },
          nb::arg("measured"), nb::arg("reference"),
          nb::sig("def check(self, measured: numpy.typing.ArrayLike, reference: numpy.typing.ArrayLike) -> int"),
          "One cycle of the ramp. The axis that does not follow, -1 if all do.");
}

void bind_limits(nb::module_& module) {
  nb::class_<AxisState>(module, "AxisState", "One axis at one moment; rad or m and their derivatives.")
      .def(nb::init<double, double, double>(), nb::arg("position"), nb::arg("velocity"), nb::arg("acceleration"))
      .def_ro("position", &AxisState::position)
      .def_ro("velocity", &AxisState::velocity)
      .def_ro("acceleration", &AxisState::acceleration);
  nb::class_<AxisLimits>(module, "AxisLimits", "Limits of one axis; rad or m and their derivatives.")
      .def(nb::init<double, double, double, double, double>(), nb::arg("lower"), nb::arg("upper"), nb::arg("velocity"),
           nb::arg("acceleration"), nb::arg("jerk"));
  nb::class_<StopProfile>(module, "StopProfile", "The shortest stop that acceleration and jerk allow.")
      .def(nb::init<const AxisState&, double, double>(), nb::arg("state"), nb::arg("acceleration"), nb::arg("jerk"))
      .def_prop_ro("duration_s", &StopProfile::duration_s)
      .def_prop_ro("rest_position", &StopProfile::rest_position)
      .def("at", &StopProfile::at, nb::arg("time_s"), "The axis this long after the beginning, >= 0.")
      .def(
          "reach",
          [](const StopProfile& self) {
            const Reach reach = self.reach();
            return std::make_tuple(reach.lowest, reach.highest, reach.slowest, reach.fastest);
          },
          "Lowest and highest position, lowest and highest velocity until rest.");
  module.def(
      "viable_step",
      [](const AxisState& state, double mean_acceleration, double wanted_acceleration, const AxisLimits& limits,
         double period, double speed_scale) {
        const AxisState stop = StopProfile(state, limits.acceleration, limits.jerk).at(period);
        const AccelerationRange range = allowed_accelerations(mean_acceleration, limits, period);
        const AxisState wanted = held_for(state, std::clamp(wanted_acceleration, range.lower, range.upper), period);
        const double share = viable_share(stop, wanted, AxisBounds(stop, limits, speed_scale, period));
        return std::make_pair(between(stop, wanted, share), share);
      },
      nb::arg("state"), nb::arg("mean_acceleration"), nb::arg("wanted_acceleration"), nb::arg("limits"),
      nb::arg("period"), nb::arg("speed_scale") = 1.0,
      "The next state, as near to the wanted acceleration as is viable, and the share of it.");
  module.def(
      "approach",
      [](const AxisState& state, const AxisState& target, double mean_acceleration, const AxisLimits& limits,
         double period) {
        return approach(state, target, allowed_accelerations(mean_acceleration, limits, period), limits, period);
      },
      nb::arg("state"), nb::arg("target"), nb::arg("mean_acceleration"), nb::arg("limits"), nb::arg("period"),
      "Acceleration that reaches a target, given at the end of the cycle, soonest without overshoot.");
  module.def("braking_share", &braking_share, nb::arg("acceleration"), nb::arg("jerk"), nb::arg("period"),
             "Share of a speed that a stop takes off in the next cycle; limits divided by that speed.");
}

}  // namespace

void bind_controller(nb::module_& module) {
  bind_faults(module);
  bind_limits(module);
  bind_stop_machine(module);
  bind_ramp(module);
  bind_inputs(module);
  nb::class_<Outputs>(module, "Outputs", "What one cycle decided.")
      .def_ro("state", &Outputs::state)
      .def_ro("drive_command", &Outputs::drive_command)
      .def_prop_ro("events",
                   [](const Outputs& self) {
                     return std::vector<Event>(self.events.begin(),
                                               self.events.begin() + static_cast<std::ptrdiff_t>(self.event_count));
                   })
      .def_ro("finished", &Outputs::finished, "After a shutdown: at rest, torque off.");
  nb::class_<PythonController>(module, "Controller", "All decisions of tier 1. No clock, no I/O.")
      .def(nb::init<const RobotModel&, std::uint64_t, const std::optional<State>&>(), nb::arg("model"),
           nb::arg("generation") = 1, nb::arg("previous").none() = nb::none(),
           "`previous`: last state of the rt_control before, if there was one.")
      .def(
          "copy", [](const PythonController& self) { return PythonController(self); },
          "Another controller in the same state.")
      .def("step", &PythonController::step, nb::arg("inputs"), nb::rv_policy::take_ownership, "Execute one cycle.");
}

}  // namespace dynamical::rt::python
