// Steps the controller through motion, stops, resets and refusals while every allocation is counted. Prints what it did
// as `name=count` lines; ends with 1 if anything was allocated.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "allocation_counter.hpp"
#include "rt_control/controller.hpp"

namespace dynamical::rt {
namespace {

constexpr std::uint64_t kCycles = 1'000'000;
constexpr std::uint64_t kRound = 2'000;  // cycles from one grant to the next

RobotModel make_model() {
  RobotModel model = default_model();
  model.axes = 8;
  model.arm_axes = 7;
  model.simulated = 1;
  for (std::size_t axis = 0; axis < model.axes; ++axis) {
    model.lower[axis] = -2;
    model.upper[axis] = 2;
    model.velocity[axis] = 2;
    model.acceleration[axis] = 10;
    model.jerk[axis] = 1000;
    model.torque[axis] = 80;
    model.position_parent[axis] = {0, 0, 0.2};
    model.mass[axis] = 1e-6;
    model.inertia[axis] = {1e-9, 1e-9, 1e-9, 0, 0, 0};
  }
  model.contact_gain_radps = 200;
  model.constraint_slots = 1;
  model.constraint_slot[0].source = Source::perception;
  return model;
}

// What a cycle reads, and what becomes of what it says.
class Bench {
 public:
  void step(Controller& controller, std::uint64_t cycle) noexcept {
    const std::uint64_t at = cycle % kRound;
    Inputs inputs;
    now_ns_ += at == 1300 && cycle / kRound % 8 == 5 ? 0 : 1'000'000;  // the clock stands still
    inputs.now_ns = now_ns_;
    inputs.requests_lost = cycle / 777;
    inputs.deadline_misses = cycle / 555;
    read_drives(inputs, cycle);
    heartbeat_ = {Source::agent, ProcessState::healthy, 1, now_ns_, cycle, 0, 0, 0};
    inputs.agent_heartbeat = &heartbeat_;
    constraints_ = {Source::perception, 0, now_ns_, 1.0, 1.0, at > 300 && at < 400 ? 0.1 : 1.0};
    inputs.constraints[static_cast<std::size_t>(Source::perception)] = &constraints_;
    request(inputs, cycle / kRound, at);
    command(inputs, cycle / kRound + 1, at);
    controller.step(inputs, outputs_);
    take();
    clock_broken_ += outputs_.state.first_cause.fault == Fault::clock_broken ? 1 : 0;
  }

  [[nodiscard]] std::size_t clock_broken() const noexcept { return clock_broken_; }

  void print() const {
    std::printf("moving=%zu\nlatched=%zu\nresets=%zu\nrefused_commands=%llu\nrefused_requests=%zu\ncontacts=%zu\n",
                moving_, latched_, resets_, static_cast<unsigned long long>(outputs_.state.refused), refused_requests_,
                contacts_);
  }

 private:
  void read_drives(Inputs& inputs, std::uint64_t cycle) noexcept {
    if (cycle % 3 == 1) {
      return;  // the plant is starved
    }
    drives_.cycle = cycle + 1;
    drives_.axes = 8;
    drives_.accepted_generation = outputs_.drive_command.generation;
    drives_.accepted_cycle = outputs_.drive_command.cycle;
    drives_.status = outputs_.drive_command.enable != 0 ? kDriveEnabled : kDriveTorqueOff;
    if (cycle % kRound == 1500 && cycle / kRound % 2 == 1) {
      drives_.status |= kDriveFault;
    }
    if (outputs_.drive_command.enable != 0) {
      drives_.position = outputs_.drive_command.position;
      drives_.velocity = outputs_.drive_command.velocity;
    } else {
      drives_.velocity = {};
    }
    // The links weigh nothing, so that all torque is that of a push.
    drives_.torque[2] = cycle % kRound >= 1200 && cycle % kRound < 1250 && cycle / kRound % 4 == 3 ? 60 : 0;
    inputs.drive_state = &drives_;
  }

  void request(Inputs& inputs, std::uint64_t round, std::uint64_t at) noexcept {
    RequestKind kind = RequestKind::none;
    Source origin = Source::operator_;
    if (at == 10) {
      kind = RequestKind::grant_authority;
      origin = Source::agent;
    } else if (at == 600) {
      kind = RequestKind::hold;
    } else if (at == 700) {
      kind = RequestKind::begin_skill;
      origin = Source::agent;
    } else if (at == 900 && round % 2 == 0) {
      kind = RequestKind::stop;
    } else if (at == 1000 && round % 4 == 2) {
      kind = RequestKind::safe_torque_off;
    } else if (at == 1800 || at == 1900) {
      kind = RequestKind::reset;  // the second one finds nothing to reset
    } else {
      return;
    }
    request_ = {kind, origin, Source::policy, 1, round + 1, now_ns_};
    inputs.requests = std::span(&request_, 1);
  }

  void command(Inputs& inputs, std::uint64_t epoch, std::uint64_t at) noexcept {
    if (at % 50 != 0) {
      return;
    }
    command_ = {};
    command_.epoch = epoch;
    command_.command_id = ++command_id_;
    command_.source = Source::policy;
    command_.kind = at % 100 == 0 ? CommandKind::chunk : CommandKind::stream;
    command_.axes = 8;
    command_.observation_ns = now_ns_;
    command_.start_ns = now_ns_;
    command_.spacing_ns = 20'000'000;
    command_.count = command_.kind == CommandKind::chunk ? 8 : 1;
    command_.end_ns = now_ns_ + (command_.count - 1) * command_.spacing_ns;
    for (std::uint32_t setpoint = 0; setpoint < command_.count; ++setpoint) {
      command_.position[setpoint].fill(at % 400 < 200 ? 1.0 : -1.0);
    }
    if (at % 450 == 0) {
      command_.position[0][3] = 5.0;  // out of range
    }
    inputs.command[static_cast<std::size_t>(Source::policy)] = &command_;
  }

  void take() noexcept {
    moving_ += outputs_.state.execution == ExecutionState::active ? 1 : 0;
    latched_ += outputs_.state.latched;
    for (std::size_t index = 0; index < outputs_.event_count; ++index) {
      resets_ += outputs_.events[index].kind == EventKind::stop_reset ? 1 : 0;
      contacts_ += outputs_.events[index].kind == EventKind::stop_raised &&
                           outputs_.events[index].code == static_cast<std::uint32_t>(Fault::contact)
                       ? 1
                       : 0;
      refused_requests_ += outputs_.events[index].kind == EventKind::request_refused ? 1 : 0;
    }
  }

  std::int64_t now_ns_ = 1'000'000'000;
  DriveState drives_{};
  Heartbeat heartbeat_{};
  Constraints constraints_{};
  Request request_{};
  Command command_{};
  Outputs outputs_{};
  std::uint64_t command_id_ = 0;
  std::size_t moving_ = 0;
  std::size_t latched_ = 0;
  std::size_t resets_ = 0;
  std::size_t refused_requests_ = 0;
  std::size_t contacts_ = 0;
  std::size_t clock_broken_ = 0;
};

}  // namespace
}  // namespace dynamical::rt

int main() {
  using namespace dynamical::rt;
  const auto controller = std::make_unique<Controller>(make_model(), Start{});
  const auto bench = std::make_unique<Bench>();
  counting = true;
  ::operator delete(::operator new(8));  // that the guard counts at all
  const std::size_t of_the_guard = allocations;
  allocations = 0;
  for (std::uint64_t cycle = 0; cycle < kCycles; ++cycle) {
    bench->step(*controller, cycle);
  }
  counting = false;
  std::printf("cycles=%llu\nguard=%zu\nallocations=%zu\n", static_cast<unsigned long long>(kCycles), of_the_guard,
              allocations);
  bench->print();
  std::printf("clock_broken=%zu\n", bench->clock_broken());
  return allocations == 0 ? 0 : 1;
}
