#include "rt_control/controller.hpp"

#include <algorithm>
#include <cmath>

#include "rt_control/stages.hpp"

namespace dynamical::rt {
namespace {

// How long a reset waits for the drives to clear their fault, and which faults are theirs to clear: an e-stop that took
// the torque shows until then, even when its chain is closed again.
constexpr std::uint32_t kResetCycles = 200;
constexpr std::uint32_t kClearedByDrives = bit_of(Fault::drive_fault) | bit_of(Fault::operator_stop);
// Drives that had followed and stop to, without saying why.
constexpr std::uint32_t kDriveRefusalCycles = 5;
// How long drives may take to enable when they are told to: brakes must open.
constexpr std::uint32_t kDriveWaitCycles = 500;
// Two clocks of the same rate may each be late by less than a cycle: so far the reference may lead a simulated plant.
constexpr std::uint32_t kMostAhead = 2;
// Cycles of the drives that are counted between two of their states.
constexpr std::uint64_t kMostPassed = 1000;
// Repeated lateness: as much as the limit of one delay, skipped within this time, is a fault too. A simulated robot
// that is visibly degraded waits for its plant instead of running away, so it may skip half of the time by default.
constexpr double kLatenessWindow_ns = 2e9;
constexpr double kLatenessDegraded = 4;
// A measured delay counts as reaction time for about so long.
constexpr double kReactionFades_s = 10;
// At its first look at the robot, rt_control takes this many times the standstill velocity for a motion: brakes that
// have just closed still settle.
constexpr double kMovingAtStart = 5;
// An event that would come again and again is said once in this many cycles.
constexpr std::uint64_t kEventPause = 100;

bool is_finite(const AxisVector& values, std::uint32_t axes) {
  return std::all_of(values.begin(), values.begin() + axes, [](double value) { return std::isfinite(value); });
}

}  // namespace

Controller::Controller(const RobotModel& model, const Start& start) noexcept
    : model_(model),
      kinematics_(model),
      motion_(model),
      care_board_(model),
      ramp_(model),
      contact_(model),
      authority_(start.previous == nullptr ? 0 : start.previous->epoch_highest),
      generation_(start.generation),
      restarted_(start.previous != nullptr && start.previous->ended == 0) {
  intervention_.axis = -1;
  kinematics_.place(drive_.position, measured_);
}

void Controller::step(const Inputs& inputs, Outputs& outputs) noexcept {
  outputs_ = &outputs;
  outputs.event_count = 0;
  outputs.finished = false;
  begin_cycle(inputs);
  read_drives(inputs);
  hear(inputs);
  detect_faults(inputs);
  take_requests(inputs);
  take_shutdown(inputs);
  take_commands(inputs);
  advance_reset();
  execute();
  publish(inputs, outputs);
}

void Controller::begin_cycle(const Inputs& inputs) noexcept {
  const bool first = cycle_ == 0;
  ++cycle_;
  clock_broken_ = !first && inputs.now_ns <= now_ns_;
  skipped_ns_ = first || clock_broken_ ? 0 : std::max<std::int64_t>(inputs.now_ns - now_ns_ - model_.period_ns, 0);
  now_ns_ = inputs.now_ns;
  if (skipped_ns_ > 0 && !stops_.is_raised(Fault::lateness)) {
    late_ = {longest_of(inputs.stages), 0, cycle_, skipped_ns_};
  }
  realtime_ = inputs.realtime;
  conditions_ = 0;
  stop_requested_ = false;
  if (first) {
    push(EventKind::started, static_cast<std::uint32_t>(generation_));
  }
}

void Controller::read_drives(const Inputs& inputs) noexcept {
  const DriveState* state = inputs.drive_state;
  const bool fresh = state != nullptr && state->axes == model_.axes && is_finite(state->position, model_.axes) &&
                     is_finite(state->velocity, model_.axes) && (!drive_seen_ || state->cycle != drive_.cycle);
  if (!fresh) {
    drive_age_ += drive_seen_ ? 1 : 0;
    return;
  }
  const std::uint64_t passed = state->cycle - drive_.cycle;
  steps_ahead_ -= static_cast<std::uint32_t>(std::min<std::uint64_t>(steps_ahead_, passed));
  drive_passed_ = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(passed, 1, kMostPassed));
  drive_ = *state;
  drive_age_ = 0;
  kinematics_.place(drive_.position, measured_);
  if (!drive_seen_) {
    drive_seen_ = true;
    motion_.seed(drive_.position);  // drives may be enabled already
    const auto moves = [&](double velocity) {
      return std::abs(velocity) > kMovingAtStart * model_.standstill_velocity;
    };
    restarted_ = restarted_ || std::any_of(drive_.velocity.begin(), drive_.velocity.begin() + model_.axes, moves);
    powered_ = !restarted_ && !stops_.latched();
  }
}

void Controller::hear(const Inputs& inputs) noexcept {
  ++agent_age_;
  if (inputs.agent_heartbeat != nullptr) {
    hear_agent(*inputs.agent_heartbeat);
  }
  const std::int64_t woke_ns = inputs.now_ns + std::max<std::int64_t>(inputs.wake_latency_ns, 0);
  // A host that was late just now may be so again: its worst delay counts as reaction time until it has faded.
  const double delay_s = static_cast<double>(skipped_ns_ + woke_ns - inputs.now_ns) * 1e-9;
  const double elapsed_s = static_cast<double>(skipped_ns_ + model_.period_ns) * 1e-9;
  reaction_s_ = std::max(delay_s, reaction_s_ * std::max(1 - elapsed_s / kReactionFades_s, 0.0));
  for (const Constraints* message : inputs.constraints) {
    if (message != nullptr) {
      care_board_.hear(*message, woke_ns);
    }
  }
  care_ = care_board_.update(reaction_s_);
}

void Controller::hear_agent(const Heartbeat& heartbeat) noexcept {
  // Only time that passed is a sign of life: a ring that repeats what it holds may show any count.
  if (heartbeat.source != Source::agent || heartbeat.stamp_ns <= agent_stamp_ns_) {
    return;
  }
  agent_stamp_ns_ = heartbeat.stamp_ns;
  agent_age_ = 0;
  agent_seen_ = heartbeat.state != ProcessState::stopping;
  if (!agent_seen_ && authority_.source() != Source::none) {
    authority_.revoke();
    set_authority_event();
    if (has_current_) {
      raise(Fault::authority_revoked, -1, 0, 0, Source::agent);
    }
    drop_commands();
  }
}

// Faults
// ---------------------------------------------------------------------------------------------------------------

void Controller::detect_faults(const Inputs& inputs) noexcept {
  detect_own_faults(inputs);
  if (drive_seen_) {
    detect_drive_faults();
    detect_limit_violation();
    detect_contact();
  }
  detect_agent_loss();
}

void Controller::detect_own_faults(const Inputs& inputs) noexcept {
  if (restarted_) {
    restarted_ = false;
    condition(Fault::restarted, -1, 0, 0);
  }
  if (clock_broken_) {
    condition(Fault::clock_broken, -1, 0, 0);
  }
  detect_lateness();
  if (inputs.channel_broken) {
    condition(Fault::channel_broken, -1, 0, 0);
  }
  if (inputs.forbidden_call >= 0) {
    condition(Fault::forbidden_call, -1, inputs.forbidden_call, 0);
  }
}

void Controller::detect_lateness() noexcept {
  const auto limit_ns = static_cast<double>(degraded() ? model_.lateness_limit_degraded_ns : model_.lateness_limit_ns);
  const double within_ns = degraded() && model_.simulated != 0 ? kLatenessDegraded * limit_ns : limit_ns;
  const auto skipped_ns = static_cast<double>(skipped_ns_);
  const double elapsed_ns = static_cast<double>(model_.period_ns) + skipped_ns;
  lateness_ns_ = std::max(lateness_ns_ - within_ns * elapsed_ns / kLatenessWindow_ns, 0.0) + skipped_ns;
  if (skipped_ns > limit_ns) {
    condition(Fault::lateness, -1, skipped_ns * 1e-9, limit_ns * 1e-9);
  } else if (lateness_ns_ > within_ns) {
    condition(Fault::lateness, -1, lateness_ns_ * 1e-9, within_ns * 1e-9);
  }
  lateness_ns_ = (conditions_ & bit_of(Fault::lateness)) != 0 ? 0 : lateness_ns_;
}

void Controller::detect_drive_faults() noexcept {
  const std::uint32_t lost_cycles = degraded() ? model_.drive_lost_cycles_degraded : model_.drive_lost_cycles;
  if (drive_age_ >= lost_cycles) {
    condition(Fault::drive_lost, -1, drive_age_, lost_cycles);
    return;
  }
  if ((drive_.status & (kDriveFault | kDriveWatchdogTripped)) != 0) {
    condition(Fault::drive_fault, -1, drive_.status, 0);
  }
  if ((drive_.status & kDriveEmergencyStop) != 0) {
    condition(Fault::operator_stop, -1, drive_.status, 0, Source::plant);
  }
  if (drives_refuse()) {
    condition(Fault::drive_fault, -1, drive_.status, 0);
  }
}

// Told to enable, and without a fault of their own: they followed and stopped to, or never began.
bool Controller::drives_refuse() noexcept {
  const bool enabled = (drive_.status & kDriveEnabled) != 0;
  drive_enabled_once_ = powered_ && (drive_enabled_once_ || enabled);
  drive_refusal_age_ = drive_enabled_once_ && !enabled ? drive_refusal_age_ + 1 : 0;
  const bool waits = powered_ && !enabled && !stops_.latched();
  drive_wait_ = waits ? drive_wait_ + (drive_age_ == 0 ? 1 : 0) : 0;
  return drive_refusal_age_ > kDriveRefusalCycles || drive_wait_ > kDriveWaitCycles;
}

void Controller::detect_limit_violation() noexcept {
  for (std::size_t axis = 0; axis < model_.axes; ++axis) {
    const double position = drive_.position[axis];
    const double limit = position > model_.upper[axis] ? model_.upper[axis] : model_.lower[axis];
    if (position > model_.upper[axis] + model_.position_tolerance ||
        position < model_.lower[axis] - model_.position_tolerance) {
      condition(Fault::limit_violated, static_cast<std::int32_t>(axis), position, limit);
      return;
    }
  }
}

void Controller::detect_contact() noexcept {
  if (model_.contact_gain_radps == 0) {
    return;
  }
  if (!drives_follow()) {
    contact_.reset();
    return;
  }
  if (drive_age_ != 0) {
    return;
  }
  const ContactFinding found =
      contact_.observe(measured_, drive_.velocity, drive_.torque, motion_.reference().acceleration, drive_passed_);
  if (found.contact) {
    condition(Fault::contact, static_cast<std::int32_t>(found.axis), found.residual, found.threshold);
  }
}

void Controller::detect_agent_loss() noexcept {
  const bool needed = agent_seen_ || authority_.source() != Source::none;
  if (needed && agent_age_ > model_.agent_lease_cycles) {
    const double period = static_cast<double>(model_.period_ns) * 1e-9;
    condition(Fault::agent_lost, -1, agent_age_ * period, model_.agent_lease_cycles * period, Source::agent);
  }
}

// A latching cause that is there in this cycle.
void Controller::condition(Fault fault, std::int32_t axis, double value, double limit, Source source) noexcept {
  conditions_ |= bit_of(fault);
  raise(fault, axis, value, limit, source);
}

void Controller::raise(Fault fault, std::int32_t axis, double value, double limit, Source source) noexcept {
  const Stop before = stops_.in_force();
  const bool was_latched = stops_.latched();
  if (!stops_.raise({fault, Stop::none, axis, source, cycle_, now_ns_, value, limit})) {
    return;
  }
  push(EventKind::stop_raised, static_cast<std::uint32_t>(fault), axis, source, value, 0, limit);
  if (stops_.latched() && !was_latched) {
    drop_commands();
    held_ = false;
    if (authority_.source() != Source::none) {
      authority_.revoke();
      set_authority_event();
    }
  }
  const Stop stop = stops_.in_force();
  if (stop == Stop::sto) {
    powered_ = false;
    watches_ramp_ = false;
    apply(ExecutionEvent::torque_off);
  } else if (stop == Stop::ss1 && before < Stop::ss1) {
    watch_ramp();
    apply(ExecutionEvent::ramps_down);
  } else if (stop == Stop::ss2) {
    if (execution_ == ExecutionState::active) {
      watch_ramp();
    }
    apply(ExecutionEvent::brakes);
  }
}

void Controller::watch_ramp() noexcept {
  watches_ramp_ = true;
  ramp_.begin(drive_.velocity, motion_.reference().velocity);
}

// Requests
// -------------------------------------------------------------------------------------------------------------

void Controller::take_requests(const Inputs& inputs) noexcept {
  for (const Request& request : inputs.requests) {
    const bool from_known = request.origin == Source::agent || request.origin == Source::operator_;
    if (!from_known || !take_request(request)) {
      push(EventKind::request_refused, static_cast<std::uint32_t>(request.kind), -1, request.origin,
           static_cast<double>(conditions_));
    }
  }
}

bool Controller::take_request(const Request& request) noexcept {
  switch (request.kind) {
    case RequestKind::grant_authority:
      return grant(request);
    case RequestKind::revoke_authority:
      return revoke(request);
    case RequestKind::hold:
      hold(request.origin);
      return true;
    case RequestKind::stop:
      request_stop(Fault::operator_stop, request.origin);
      return true;
    case RequestKind::safe_torque_off:
      request_stop(Fault::safe_torque_off_requested, request.origin);
      return true;
    case RequestKind::reset:
      return begin_reset(request.origin);
    case RequestKind::begin_skill:
      skill_ = request.skill;
      held_ = shutdown_;
      return true;
    case RequestKind::end_skill:
      skill_ = skill_ == request.skill ? 0 : skill_;
      return true;
    case RequestKind::none:
      break;
  }
  return false;
}

bool Controller::grant(const Request& request) noexcept {
  const bool from_agent = request.origin == Source::agent;
  if (!from_agent || stops_.latched() || shutdown_ || !authority_.grant(request.source, request.epoch)) {
    return false;
  }
  if (!agent_seen_) {
    agent_age_ = 0;
  }
  held_ = false;
  if (has_current_) {
    raise(Fault::authority_revoked, -1, 0, 0, request.origin);
  }
  drop_commands();
  set_authority_event();
  return true;
}

bool Controller::revoke(const Request& request) noexcept {
  const bool meant = (request.source == Source::none || request.source == authority_.source()) &&
                     (request.epoch == 0 || request.epoch == authority_.epoch());
  if (!meant || authority_.source() == Source::none) {
    return false;
  }
  authority_.revoke();
  set_authority_event();
  if (has_current_) {
    raise(Fault::authority_revoked, -1, 0, 0, request.origin);
  }
  drop_commands();
  return true;
}

void Controller::hold(Source origin) noexcept {
  held_ = !stops_.latched();
  if (has_current_) {
    raise(Fault::hold_requested, -1, 0, 0, origin);
  }
  drop_commands();
}

// Whatever else was asked for in this cycle, and whatever reset is in progress: who stops the robot wins.
void Controller::request_stop(Fault fault, Source origin) noexcept {
  stop_requested_ = true;
  if (reset_cycles_ != 0) {
    abort_reset();
  }
  raise(fault, -1, 0, 0, origin);
}

bool Controller::begin_reset(Source origin) noexcept {
  const bool stands = execution_ == ExecutionState::stopped || execution_ == ExecutionState::fault;
  const bool cause_gone = (conditions_ & ~kClearedByDrives) == 0;
  if (!stands || !stops_.may_reset(origin) || !drive_seen_ || !at_standstill() || !cause_gone || shutdown_ ||
      reset_cycles_ != 0 || stop_requested_) {
    return false;
  }
  reset_cycles_ = kResetCycles;
  reset_began_cycle_ = cycle_;
  reset_clears_ = conditions_ | bit_of(Fault::drive_fault);
  return true;
}

// The drives are told to clear their fault until they have heard it and say that there is none; then the stop ends.
// Nothing moves: the reference is the measured position, nobody has authority, and every command from before is gone.
void Controller::advance_reset() noexcept {
  if (reset_cycles_ == 0) {
    return;
  }
  --reset_cycles_;
  const bool heard =
      drive_age_ == 0 && drive_.accepted_generation == generation_ && drive_.accepted_cycle >= reset_began_cycle_;
  if (heard && conditions_ == 0 && at_standstill()) {
    reset_cycles_ = 0;
    const Fault fault = stops_.first().fault;
    stops_.reset();
    motion_.seed(drive_.position);
    powered_ = true;
    drive_enabled_once_ = false;
    apply(ExecutionEvent::reset);
    push(EventKind::stop_reset, static_cast<std::uint32_t>(fault));
  } else if (reset_cycles_ == 0 || (conditions_ & ~reset_clears_) != 0) {
    abort_reset();
  }
  // An e-stop chain that closed and opens again is a new stop.
  reset_clears_ &= conditions_ | bit_of(Fault::drive_fault);
}

void Controller::abort_reset() noexcept {
  reset_cycles_ = 0;
  push(EventKind::request_refused, static_cast<std::uint32_t>(RequestKind::reset), -1, Source::none,
       static_cast<double>(conditions_));
}

void Controller::take_shutdown(const Inputs& inputs) noexcept {
  if (!inputs.shutdown || shutdown_) {
    return;
  }
  hold(Source::supervisor);
  shutdown_ = true;
  if (authority_.source() != Source::none) {
    authority_.revoke();
    set_authority_event();
  }
}

// Commands
// -------------------------------------------------------------------------------------------------------------

void Controller::take_commands(const Inputs& inputs) noexcept {
  for (std::size_t index = 0; index < kMaxSources; ++index) {
    const auto ring = static_cast<Source>(index);
    if ((inputs.corrupt_commands >> index & 1U) != 0) {
      refuse(Refusal::crc, ring, 0);
    }
    if (inputs.command[index] != nullptr) {
      take_command(*inputs.command[index], ring);
    }
  }
}

void Controller::take_command(const Command& command, Source ring) noexcept {
  const auto index = static_cast<std::size_t>(ring);
  // A ring whose writer was replaced shows its last command once more.
  if (command.command_id == seen_id_[index] && command.epoch == seen_epoch_[index]) {
    return;
  }
  seen_id_[index] = command.command_id;
  seen_epoch_[index] = command.epoch;
  const Refusal refusal = check(command, ring);
  if (refusal != Refusal::none) {
    refuse(refusal, ring, command.command_id);
    return;
  }
  refusal_said_ = Refusal::none;
  const bool later = command.kind == CommandKind::chunk && command.start_ns > trajectory_due_ns();
  if (later && has_current_) {
    next_ = command;
    has_next_ = true;
  } else {
    has_next_ = false;
    start_command(command);
  }
}

Refusal Controller::check(const Command& command, Source ring) const noexcept {
  if (stops_.latched()) {
    return Refusal::latched;
  }
  if (command.source != ring) {
    return Refusal::malformed;
  }
  if (const Refusal refusal = authority_.check(command); refusal != Refusal::none) {
    return refusal;
  }
  if (const Refusal refusal = check_command(command, model_, now_ns_, trajectory_due_ns()); refusal != Refusal::none) {
    return refusal;
  }
  if (held_ || shutdown_) {
    return Refusal::held;
  }
  return drives_follow() ? Refusal::none : Refusal::not_ready;
}

void Controller::refuse(Refusal refusal, Source source, std::uint64_t command_id) noexcept {
  ++refused_;
  if (refusal != refusal_said_ || source != refused_source_) {
    push(EventKind::command_refused, static_cast<std::uint32_t>(refusal), -1, source);
  }
  refusal_said_ = refusal;
  refusal_ = refusal;
  refused_source_ = source;
  refused_id_ = command_id;
}

void Controller::start_command(const Command& command) noexcept {
  if (!has_current_ && motion_.at_rest()) {
    // Held by drives that keep it there, the reference goes on from where it is; pushed away, from where it was pushed.
    AxisVector position = motion_.reference().position;
    bool away = false;
    for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
      away = away || std::abs(position[axis] - drive_.position[axis]) > model_.reseed_tolerance;
    }
    if (away) {
      std::copy_n(drive_.position.begin(), model_.arm_axes, position.begin());
      motion_.seed(position);
    }
  }
  current_ = command;
  has_current_ = true;
  stream_age_ = 0;
}

void Controller::drop_commands() noexcept {
  has_current_ = false;
  has_next_ = false;
}

// Time of the reference after the step of this cycle, if nothing scales it.
std::int64_t Controller::trajectory_due_ns() const noexcept { return motion_.time_ns() + model_.period_ns; }

void Controller::end_commands_when_due() noexcept {
  if (has_next_ && trajectory_due_ns() >= next_.start_ns) {
    has_next_ = false;
    start_command(next_);
  }
  if (!has_current_) {
    return;
  }
  if (current_.kind == CommandKind::stream) {
    if (++stream_age_ > model_.stream_lease_cycles + 1) {
      has_current_ = false;
      raise(Fault::command_ended, -1, stream_age_ - 1, model_.stream_lease_cycles, current_.source);
    }
  } else if (now_ns_ >= current_.end_ns) {
    has_current_ = false;
    raise(Fault::command_ended, -1, static_cast<double>(now_ns_ - current_.end_ns) * 1e-9, 0, current_.source);
  }
}

// Execution
// ------------------------------------------------------------------------------------------------------------

void Controller::execute() noexcept {
  end_commands_when_due();
  if (has_current_ && care_.separation_stops) {
    raise(Fault::separation, -1, care_.nearest_m, care_.protective_m, Source::none);
  }
  if (has_current_ && !care_.separation_stops && !stops_.latched()) {
    stops_.release();
    watches_ramp_ = false;
    apply(ExecutionEvent::moves);
  }
  move();
  finish_stops();
}

void Controller::move() noexcept {
  // A simulated plant may be starved while this process is not: then time stands still for it, and a reference that
  // went on would run away from the drives. What physical drives lose is lost.
  advances_ = model_.simulated == 0 || steps_ahead_ < kMostAhead;
  if (drives_follow()) {
    if (advances_) {
      advance_reference();
    }
    return;
  }
  if (drive_seen_) {
    motion_.seed(drive_.position);
  }
  motion_.set_time(now_ns_);
  explain({});
}

void Controller::advance_reference() noexcept {
  ++steps_ahead_;
  Intervention intervention{};
  if (execution_ == ExecutionState::active) {
    intervention = motion_.follow(current_, care_);
  } else {
    motion_.brake();
  }
  explain(intervention);
}

void Controller::finish_stops() noexcept {
  if (watches_ramp_ && advances_) {
    supervise_ramp();
  }
  const bool rests = execution_ == ExecutionState::stopping && motion_.at_rest();
  if (rests && stops_.in_force() != Stop::ss1) {
    apply(ExecutionEvent::rests);
  } else if (rests && at_standstill()) {
    powered_ = false;
    apply(ExecutionEvent::ramp_ended);
  }
  if (authority_.source() == Source::none && motion_.at_rest() && !stops_.latched()) {
    stops_.release();
    apply(ExecutionEvent::released);
  }
}

void Controller::supervise_ramp() noexcept {
  const std::int32_t axis = ramp_.check(drive_.velocity, motion_.reference().velocity);
  if (axis >= 0) {
    raise(Fault::ramp_not_followed, axis, drive_.velocity[static_cast<std::size_t>(axis)],
          motion_.reference().velocity[static_cast<std::size_t>(axis)], Source::none);
  } else if (motion_.at_rest() && at_standstill()) {
    watches_ramp_ = false;
  }
}

void Controller::explain(Intervention intervention) noexcept {
  if (intervention.constraint != Constraint::none) {
    intervention.cycle = cycle_;
    intervention_ = intervention;
    ++interventions_;
    std::uint64_t& said = explained_cycle_[static_cast<std::size_t>(intervention.constraint) % explained_cycle_.size()];
    if (intervention.constraint != explained_ && (said == 0 || cycle_ - said >= kEventPause)) {
      said = cycle_;
      push(EventKind::intervention, static_cast<std::uint32_t>(intervention.constraint), intervention.axis,
           current_.source, intervention.requested, intervention.admitted, intervention.margin);
    }
  }
  explained_ = intervention.constraint;
}

void Controller::apply(ExecutionEvent event) noexcept {
  const ExecutionState before = execution_;
  execution_ = after(before, event);
  if (execution_ != before) {
    push(EventKind::execution_changed,
         static_cast<std::uint32_t>(before) << 8U | static_cast<std::uint32_t>(execution_));
  }
}

void Controller::set_authority_event() noexcept {
  push(EventKind::authority_changed, static_cast<std::uint32_t>(authority_.source()), -1, authority_.source());
}

bool Controller::drives_follow() const noexcept {
  return powered_ && drive_seen_ && (drive_.status & kDriveEnabled) != 0;
}

bool Controller::at_standstill() const noexcept {
  return std::all_of(drive_.velocity.begin(), drive_.velocity.begin() + model_.axes,
                     [&](double velocity) { return std::abs(velocity) <= model_.standstill_velocity; });
}

// Publishing
// -----------------------------------------------------------------------------------------------------------

void Controller::publish(const Inputs& inputs, Outputs& outputs) noexcept {
  say_rise(deadline_misses_, inputs.deadline_misses, EventKind::deadline_missed);
  say_rise(requests_lost_, inputs.requests_lost, EventKind::requests_lost);
  const bool rests = motion_.at_rest() && (execution_ == ExecutionState::idle || stops_.latched()) &&
                     execution_ != ExecutionState::stopping;
  if (shutdown_ && rests) {
    powered_ = false;
    outputs.finished = true;
  }

  fill_drive_command(outputs.drive_command);
  fill_state(inputs, outputs.state);
  outputs.state.ended = outputs.finished && !stops_.latched() ? 1 : 0;
}

// Says that a count rose, not more often than once in the pause.
void Controller::say_rise(Said& said, std::uint64_t count, EventKind kind) noexcept {
  if (count > said.count && (said.cycle == 0 || cycle_ - said.cycle >= kEventPause)) {
    said.cycle = cycle_;
    said.count = count;
    push(kind, 0, -1, Source::none, static_cast<double>(count));
  }
}

void Controller::fill_drive_command(DriveCommand& drive) const noexcept {
  drive = DriveCommand{};
  drive.cycle = cycle_;
  drive.generation = generation_;
  drive.stamp_ns = now_ns_;
  drive.axes = model_.axes;
  drive.enable = powered_ ? 1 : 0;
  drive.clear_fault = reset_cycles_ > 0 ? 1 : 0;
  drive.position = motion_.reference().position;
  drive.velocity = motion_.reference().velocity;
}

void Controller::fill_state(const Inputs& inputs, State& state) const noexcept {
  const double period = static_cast<double>(model_.period_ns) * 1e-9;
  state = State{};
  state.cycle = cycle_;
  state.stamp_ns = now_ns_;
  state.generation = generation_;
  state.axes = model_.axes;
  state.execution = execution_;
  state.stop = stops_.in_force();
  state.latched = stops_.latched() ? 1 : 0;
  state.first_cause = stops_.first();
  state.last_cause = stops_.last();
  state.authority = authority_.source();
  state.skill = skill_;
  state.epoch = authority_.epoch();
  state.epoch_highest = authority_.epoch_highest();
  state.command_id = has_current_ ? current_.command_id : 0;
  state.command_end_ns = has_current_ ? current_.end_ns : 0;
  state.trajectory_ns = motion_.time_ns();
  state.position = drive_.position;
  state.velocity = drive_.velocity;
  state.torque = drive_.torque;
  state.position_reference = motion_.reference().position;
  state.velocity_reference = motion_.reference().velocity;
  state.acceleration_reference = motion_.reference().acceleration;
  std::copy_n(measured_.tcp.position.data(), 3, state.tcp_position_base.begin());
  state.tcp_quaternion_base = quaternion_of(measured_.tcp.rotation);
  state.tcp_speed_mps = kinematics_.tcp_velocity(measured_, drive_.velocity).norm();
  state.speed_scale = care_.speed_scale;
  state.margin_scale = care_.margin_scale;
  state.person_distance_m = care_.person_distance_m;
  state.battery = drive_.battery;
  state.stale_constraints = care_.stale;
  state.drive_status = drive_.status;
  state.intervention = intervention_;
  state.interventions = interventions_;
  state.refusal = refusal_;
  state.refused_source = refused_source_;
  state.refused_id = refused_id_;
  state.refused = refused_;
  state.events = events_;
  state.events_lost = events_lost_;
  state.requests_lost = inputs.requests_lost;
  state.deadline_misses = inputs.deadline_misses;
  state.skipped_cycles = inputs.skipped_cycles;
  state.wake_latency_ns = inputs.wake_latency_ns;
  state.compute_ns = inputs.compute_ns;
  state.stages = inputs.stages;
  state.lateness = late_;
  state.agent_age_s = agent_age_ * period;
  state.realtime = inputs.realtime;
}

void Controller::push(EventKind kind, std::uint32_t code, std::int32_t axis, Source source, double requested,
                      double admitted, double limit) noexcept {
  if (outputs_->event_count < outputs_->events.size()) {
    outputs_->events[outputs_->event_count++] = {kind, code, axis, source, cycle_, now_ns_, requested, admitted, limit};
    ++events_;
  } else {
    ++events_lost_;
  }
}

}  // namespace dynamical::rt
