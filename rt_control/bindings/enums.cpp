#include "message.hpp"
#include "rt_control/channel.hpp"
#include "rt_control/model.hpp"

namespace dynamical::rt::python {

void bind_enums(const nb::module_& module) {
  nb::enum_<Source>(module, "Source", nb::is_arithmetic(), "Who writes; also the index of the writer's rings.")
      .value("none", Source::none)
      .value("agent", Source::agent)
      .value("policy", Source::policy)
      .value("fallback", Source::fallback)
      .value("jog", Source::jog)
      .value("ros", Source::ros)
      .value("perception", Source::perception)
      .value("safety_model", Source::safety_model)
      .value("cameras", Source::cameras)
      .value("plant", Source::plant)
      .value("supervisor", Source::supervisor)
      .value("operator_", Source::operator_);
  nb::enum_<CommandKind>(module, "CommandKind", nb::is_arithmetic())
      .value("none", CommandKind::none)
      .value("chunk", CommandKind::chunk)
      .value("stream", CommandKind::stream);
  nb::enum_<ProcessState>(module, "ProcessState", nb::is_arithmetic())
      .value("starting", ProcessState::starting)
      .value("healthy", ProcessState::healthy)
      .value("degraded", ProcessState::degraded)
      .value("stopping", ProcessState::stopping);
  nb::enum_<RequestKind>(module, "RequestKind", nb::is_arithmetic())
      .value("none", RequestKind::none)
      .value("grant_authority", RequestKind::grant_authority)
      .value("revoke_authority", RequestKind::revoke_authority)
      .value("hold", RequestKind::hold)
      .value("stop", RequestKind::stop)
      .value("safe_torque_off", RequestKind::safe_torque_off)
      .value("reset", RequestKind::reset)
      .value("begin_skill", RequestKind::begin_skill)
      .value("end_skill", RequestKind::end_skill);
  nb::enum_<ExecutionState>(module, "ExecutionState", nb::is_arithmetic())
      .value("idle", ExecutionState::idle)
      .value("active", ExecutionState::active)
      .value("holding", ExecutionState::holding)
      .value("stopping", ExecutionState::stopping)
      .value("stopped", ExecutionState::stopped)
      .value("fault", ExecutionState::fault);
  nb::enum_<Stop>(module, "Stop", nb::is_arithmetic(), "Ordered: the worst wins.")
      .value("none", Stop::none)
      .value("ss2", Stop::ss2)
      .value("ss1", Stop::ss1)
      .value("sto", Stop::sto);
  nb::enum_<Fault>(module, "Fault", nb::is_arithmetic())
      .value("none", Fault::none)
      .value("command_ended", Fault::command_ended)
      .value("authority_revoked", Fault::authority_revoked)
      .value("hold_requested", Fault::hold_requested)
      .value("separation", Fault::separation)
      .value("operator_stop", Fault::operator_stop)
      .value("agent_lost", Fault::agent_lost)
      .value("lateness", Fault::lateness)
      .value("clock_broken", Fault::clock_broken)
      .value("channel_broken", Fault::channel_broken)
      .value("drive_fault", Fault::drive_fault)
      .value("drive_lost", Fault::drive_lost)
      .value("ramp_not_followed", Fault::ramp_not_followed)
      .value("limit_violated", Fault::limit_violated)
      .value("safe_torque_off_requested", Fault::safe_torque_off_requested)
      .value("restarted", Fault::restarted);
  nb::enum_<Refusal>(module, "Refusal", nb::is_arithmetic(), "Why a command was not taken.")
      .value("none", Refusal::none)
      .value("wrong_authority", Refusal::wrong_authority)
      .value("wrong_epoch", Refusal::wrong_epoch)
      .value("too_old", Refusal::too_old)
      .value("not_finite", Refusal::not_finite)
      .value("out_of_range", Refusal::out_of_range)
      .value("malformed", Refusal::malformed)
      .value("crc", Refusal::crc)
      .value("latched", Refusal::latched)
      .value("not_ready", Refusal::not_ready)
      .value("held", Refusal::held);
  nb::enum_<Constraint>(module, "Constraint", nb::is_arithmetic(), "What scaled or overrode a motion.")
      .value("none", Constraint::none)
      .value("position", Constraint::position)
      .value("velocity", Constraint::velocity)
      .value("acceleration", Constraint::acceleration)
      .value("speed_scale", Constraint::speed_scale)
      .value("tcp_speed", Constraint::tcp_speed)
      .value("separation", Constraint::separation);
  nb::enum_<EventKind>(module, "EventKind", nb::is_arithmetic())
      .value("none", EventKind::none)
      .value("execution_changed", EventKind::execution_changed)
      .value("stop_raised", EventKind::stop_raised)
      .value("stop_reset", EventKind::stop_reset)
      .value("command_refused", EventKind::command_refused)
      .value("intervention", EventKind::intervention)
      .value("authority_changed", EventKind::authority_changed)
      .value("request_refused", EventKind::request_refused)
      .value("deadline_missed", EventKind::deadline_missed)
      .value("started", EventKind::started)
      .value("requests_lost", EventKind::requests_lost);
  nb::enum_<RealtimeStatus>(module, "RealtimeStatus", nb::is_arithmetic(), nb::is_flag(), "Bits of State.realtime.")
      .value("fifo", kRealtimeFifo)
      .value("memory_locked", kRealtimeMemoryLocked)
      .value("affinity", kRealtimeAffinity)
      .value("degraded", kRealtimeDegraded);
  nb::enum_<DriveStatus>(module, "DriveStatus", nb::is_arithmetic(), nb::is_flag(), "Bits of DriveState.status.")
      .value("enabled", kDriveEnabled)
      .value("torque_off", kDriveTorqueOff)
      .value("watchdog_tripped", kDriveWatchdogTripped)
      .value("fault", kDriveFault)
      .value("emergency_stop", kDriveEmergencyStop);
  nb::enum_<AxisKind>(module, "AxisKind", nb::is_arithmetic())
      .value("revolute", AxisKind::revolute)
      .value("prismatic", AxisKind::prismatic);
  nb::enum_<ReadResult>(module, "ReadResult", nb::is_arithmetic(), "How the last read of a channel went.")
      .value("ok", ReadResult::ok)
      .value("empty", ReadResult::empty)
      .value("torn", ReadResult::torn)
      .value("crc", ReadResult::crc)
      .value("malformed", ReadResult::malformed);
}

}  // namespace dynamical::rt::python
