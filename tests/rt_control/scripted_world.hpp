// The rest of the robot, by script: drives, agent, policy, operator and who watches for persons, all through the real
// channels. Each round of 2000 cycles begins well, and has one thing go wrong in it.
//
// Runs in rt_control's own thread while that believes to sleep: so it allocates nothing, and asks the kernel nothing
// but what its scene is about.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rt_control/channel.hpp"
#include "rt_control/kinematics.hpp"
#include "rt_control/queue.hpp"
#include "rt_control/rigid_body.hpp"
#include "rt_control/word.hpp"

namespace dynamical::rt {

enum class Scene : std::uint8_t {
  nothing,
  chunk_runs_out,
  hold,
  authority_revoked,
  person_near,
  operator_stops,
  emergency_stop_chain,
  torque_off,
  agent_silent,
  agent_ends,
  woken_late,
  cycles_skipped,
  slow_cycle,
  drive_fault,
  drives_silent,
  drives_give_up,
  drives_starved,
  runs_on,        // the arm does not slow down in a stop
  outside_limit,  // a measured axis
  pushed,
  system_call,
  bad_commands,
  bad_requests,
  slow_speed,
  nobody_watches,
  count,
};

class ScriptedWorld {
 public:
  static constexpr std::uint64_t kRound = 2000;
  static constexpr std::uint64_t kScenes = static_cast<std::uint64_t>(Scene::count);
  // So many cycles before its end: rt_control loses the channel of its state, for good.
  static constexpr std::uint64_t kLastWords = 1000;

  struct Delay {
    std::int64_t wake_ns = 20'000;  // from when the cycle was due
    std::int64_t clock_ns = 250;    // from one look at the clock to the next
  };

  ScriptedWorld(const RobotModel& model, const std::string& directory, std::uint64_t cycles)
      : model_(model),
        cycles_(cycles),
        drives_(directory + "/drive.state"),
        heartbeat_(directory + "/heartbeat.agent"),
        command_(directory + "/command.policy"),
        jog_(directory + "/command.jog"),
        command_bytes_(directory + "/command.policy", ChannelKind::command, Access::read_write),
        requests_bytes_(directory + "/requests.operator", ChannelKind::requests, Access::read_write),
        agent_(directory + "/requests.agent"),
        operator_(directory + "/requests.operator"),
        told_reader_(directory + "/drive.command"),
        state_reader_(directory + "/state"),
        events_(directory + "/events"),
        state_bytes_(directory + "/state", ChannelKind::state, Access::read_write),
        kinematics_(model),
        body_(model) {
    for (const auto& [source, name] : {std::pair{Source::agent, "agent"}, std::pair{Source::perception, "perception"},
                                       std::pair{Source::fallback, "fallback"}}) {
      watchers_.push_back({source, std::make_unique<Constraining>(directory + "/constraints." + name)});
    }
    for (std::size_t axis = 0; axis < model.axes; ++axis) {
      home_[axis] = (model.lower[axis] + model.upper[axis]) / 2;
    }
    measured_.position = home_;
    // The rt_control before did not end in order.
    State before{};
    Writer<State, ChannelKind::state> writer(directory + "/state");
    written_ = writer.write(before, 0);
  }

  // What happens in one cycle of everybody else.
  Delay act(std::uint64_t number, std::int64_t now_ns) noexcept {
    number_ = number;
    at_ = number % kRound;
    scene_ = static_cast<Scene>(number / kRound % kScenes);
    now_ns_ = now_ns;
    ReadInfo info;
    [[maybe_unused]] const ReadResult state = state_reader_.read(state_, info);
    [[maybe_unused]] const ReadResult told = told_reader_.read(told_, info);
    hear();
    drive();
    live();
    ask();
    move();
    if (during(Scene::system_call, 1000, 1001)) {
      syscall(SYS_getppid);
      ++calls_;
    }
    if (number + kLastWords == cycles_) {
      constexpr std::uint64_t kOtherWriter = std::uint64_t{1} << kGenerationShift;
      Word(state_bytes_.newest()).fetch_add(kOtherWriter, std::memory_order_relaxed);
    }
    return delay();
  }

  void print() const {
    std::fprintf(stderr, "calls_on_purpose=%llu\nrealtime=%u\n", as_printed(calls_), state_.realtime);
    std::fprintf(stderr, "written=%d\nmoving=%llu\nresets=%llu\nmisses=%llu\nevents_unheard=%llu\n", written_ ? 1 : 0,
                 as_printed(moving_), as_printed(of_kind(EventKind::stop_reset)),
                 as_printed(of_kind(EventKind::deadline_missed)), as_printed(unheard_));
    std::fprintf(stderr, "refused_requests=%llu\nlost_requests=%llu\nskipped=%llu\n",
                 as_printed(of_kind(EventKind::request_refused)), as_printed(state_.requests_lost),
                 as_printed(state_.skipped_cycles));
    print("fault", stops_);
    print("refusal", refusals_);
  }

 private:
  using Constraining = Writer<Constraints, ChannelKind::constraints>;
  using Counts = std::array<std::uint64_t, 32>;

  struct Watcher {
    Source source;
    std::unique_ptr<Constraining> writer;
  };

  static constexpr std::int64_t kSpacing_ns = 20'000'000;
  static constexpr std::uint32_t kSetpoints = 16;
  static constexpr double kSwing = 0.15;  // rad
  static constexpr double kSwing_s = 2.0;

  static unsigned long long as_printed(std::uint64_t value) { return value; }

  static void print(const char* name, const Counts& counts) {
    for (std::size_t index = 0; index < counts.size(); ++index) {
      if (counts[index] != 0) {
        std::fprintf(stderr, "%s_%zu=%llu\n", name, index, as_printed(counts[index]));
      }
    }
  }

  [[nodiscard]] bool during(Scene scene, std::uint64_t from, std::uint64_t to) const noexcept {
    return scene_ == scene && at_ >= from && at_ < to;
  }

  [[nodiscard]] std::uint64_t of_kind(EventKind kind) const noexcept { return kinds_[static_cast<std::size_t>(kind)]; }

  void hear() noexcept {
    Event event{};
    while (events_.read(event, unheard_)) {
      ++kinds_[static_cast<std::size_t>(event.kind) % kinds_.size()];
      if (event.kind == EventKind::stop_raised) {
        ++stops_[event.code % stops_.size()];
      } else if (event.kind == EventKind::command_refused) {
        ++refusals_[event.code % refusals_.size()];
      }
    }
    moving_ += state_.execution == ExecutionState::active ? 1 : 0;
  }

  void drive() noexcept {
    const bool starved = during(Scene::drives_starved, 1000, 1300) && at_ % 3 != 0;
    if (starved || during(Scene::drives_silent, 1000, 1000 + 2 * model_.drive_lost_cycles_degraded)) {
      return;
    }
    ++measured_.cycle;
    measured_.stamp_ns = now_ns_;
    measured_.axes = model_.axes;
    measured_.dilation = 1;
    measured_.battery = 1;
    measured_.accepted_generation = told_.generation;
    measured_.accepted_cycle = told_.cycle;
    const bool gives_up = during(Scene::drives_give_up, 1000, 1300);
    measured_.status = told_.enable != 0 && !gives_up ? kDriveEnabled : kDriveTorqueOff;
    measured_.status |= during(Scene::drive_fault, 1000, 1300) ? kDriveFault : 0U;
    measured_.status |= during(Scene::emergency_stop_chain, 1000, 1300) ? kDriveEmergencyStop : 0U;
    follow();
    written_ = drives_.write(measured_, now_ns_) && written_;
  }

  void follow() noexcept {
    if (during(Scene::runs_on, 1000, 1700)) {
      return;  // with the speed that it has
    }
    if (told_.enable != 0) {
      measured_.position = told_.position;
      measured_.velocity = told_.velocity;
    } else {
      measured_.velocity = {};
    }
    if (during(Scene::outside_limit, 1000, 1300)) {
      measured_.position[0] = model_.upper[0] + 2 * model_.position_tolerance;
    } else if (told_.enable == 0 && measured_.position[0] > model_.upper[0]) {
      measured_.position[0] = home_[0];  // guided back by hand
    }
    weigh();
  }

  // The torque of the motion, and of what presses on the arm.
  void weigh() noexcept {
    kinematics_.place(measured_.position, chain_);
    AxisVector friction{};
    body_.inverse_dynamics(chain_, measured_.velocity, state_.acceleration_reference, measured_.torque);
    body_.friction_torque(measured_.velocity, friction);
    for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
      measured_.torque[axis] += friction[axis];
    }
    measured_.torque[1] += during(Scene::pushed, 1000, 1050) ? model_.torque[1] : 0.0;
  }

  void live() noexcept {
    if (number_ % 20 != 0) {
      return;
    }
    if (!during(Scene::agent_silent, 1000, 1400)) {
      const bool ends = during(Scene::agent_ends, 1000, 1200);
      const Heartbeat beat{
          Source::agent, ends ? ProcessState::stopping : ProcessState::healthy, 1, now_ns_, number_, 50, 0.1, 0};
      written_ = heartbeat_.write(beat, now_ns_) && written_;
    }
    for (const Watcher& item : watchers_) {
      if (during(Scene::nobody_watches, 1000, 1700)) {
        continue;
      }
      const double scale = during(Scene::slow_speed, 1000, 1300) ? 0.3 : 1.0;
      const double distance_m = during(Scene::person_near, 1000, 1300) ? 0.05 : kNoPersonDistance;
      const Constraints message{item.source, 0, now_ns_, scale, 1.0, distance_m};
      written_ = item.writer->write(message, now_ns_) && written_;
    }
  }

  void ask() noexcept {
    if (at_ == 20 && state_.latched != 0) {
      push(operator_, RequestKind::reset);
    } else if (at_ == 400) {
      push(agent_, RequestKind::grant_authority, Source::policy, state_.epoch_highest + 1);
    } else if (at_ == 450) {
      push(agent_, RequestKind::begin_skill);
    } else if (at_ == 1000) {
      ask_in_scene();
    }
  }

  void ask_in_scene() noexcept {
    if (scene_ == Scene::hold) {
      push(agent_, RequestKind::hold);
    } else if (scene_ == Scene::authority_revoked) {
      push(agent_, RequestKind::revoke_authority, Source::policy);
    } else if (scene_ == Scene::operator_stops || scene_ == Scene::runs_on) {
      push(operator_, RequestKind::stop);
    } else if (scene_ == Scene::torque_off) {
      push(operator_, RequestKind::safe_torque_off);
    } else if (scene_ == Scene::bad_requests) {
      push(operator_, RequestKind::reset);                                     // there is nothing to reset
      push(agent_, static_cast<RequestKind>(99));                              // no such request
      Word(requests_bytes_.newest()).fetch_add(1, std::memory_order_relaxed);  // an item that nobody wrote
      for (int more = 0; more < 70; ++more) {                                  // more than the queue holds
        [[maybe_unused]] const bool taken = agent_.push({RequestKind::end_skill, Source::agent, Source::none, 9, 0, 0});
      }
    }
  }

  void push(RequestQueue& queue, RequestKind kind, Source source = Source::none, std::uint64_t epoch = 0) noexcept {
    written_ = queue.push({kind, Source::none, source, 1, epoch, now_ns_}) && written_;
  }

  // A swing of all arm axes, each with its own phase, timed by the reference; a new chunk every 10 cycles.
  void move() noexcept {
    if (at_ < 500 || number_ % 10 != 0 || during(Scene::chunk_runs_out, 1000, 1500)) {
      return;
    }
    command_message_ = {};
    Command& chunk = command_message_;
    chunk.epoch = state_.epoch;
    chunk.command_id = ++command_id_;
    chunk.source = Source::policy;
    chunk.kind = CommandKind::chunk;
    chunk.axes = model_.axes;
    chunk.observation_ns = now_ns_;
    chunk.start_ns = state_.trajectory_ns + model_.period_ns;
    chunk.spacing_ns = kSpacing_ns;
    chunk.count = kSetpoints;
    chunk.end_ns = chunk.start_ns + (now_ns_ - state_.trajectory_ns) + (kSetpoints - 2) * kSpacing_ns;
    for (std::uint32_t setpoint = 0; setpoint < kSetpoints; ++setpoint) {
      const double time_s = static_cast<double>(chunk.start_ns + setpoint * kSpacing_ns) * 1e-9;
      chunk.position[setpoint] = home_;
      for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
        const double phase = 2 * M_PI * time_s / kSwing_s + static_cast<double>(axis);
        chunk.position[setpoint][axis] += kSwing * std::sin(phase);
      }
    }
    const bool bad = during(Scene::bad_commands, 1000, 1100);
    if (bad) {
      spoil((at_ - 1000) / 10);
    }
    written_ = command_.write(command_message_, now_ns_) && written_;
    if (bad && at_ == 1050) {
      const std::uint64_t newest = Word(command_bytes_.newest()).load(std::memory_order_relaxed);
      const std::uint64_t sequence = newest & ((std::uint64_t{1} << kGenerationShift) - 1);
      command_bytes_.slot(sequence)[sizeof(SlotHeader) + 100] ^= std::byte{1};
    }
  }

  void spoil(std::uint64_t way) noexcept {
    Command& chunk = command_message_;
    if (way == 0) {
      chunk.epoch += 1;
    } else if (way == 1) {
      chunk.observation_ns -= 2 * model_.observation_age_limit_ns;
    } else if (way == 2) {
      chunk.position[3][2] = std::numeric_limits<double>::quiet_NaN();
    } else if (way == 3) {
      chunk.position[3][2] = 100.0;
    } else if (way == 4) {
      chunk.count = kMaxSetpoints + 1;
    } else if (way == 6) {
      Command other = chunk;
      other.source = Source::jog;
      written_ = jog_.write(other, now_ns_) && written_;
    }
  }

  [[nodiscard]] Delay delay() const noexcept {
    Delay delay;
    if (during(Scene::woken_late, 1000, 1001)) {
      delay.wake_ns = 2 * model_.lateness_limit_degraded_ns;
    } else if (during(Scene::cycles_skipped, 1000, 1001)) {
      delay.wake_ns = 3'000'000;
    } else if (during(Scene::slow_cycle, 1000, 1001)) {
      delay.clock_ns = 600'000;
    }
    return delay;
  }

  const RobotModel& model_;
  std::uint64_t cycles_;
  Writer<DriveState, ChannelKind::drive_state> drives_;
  Writer<Heartbeat, ChannelKind::heartbeat> heartbeat_;
  Writer<Command, ChannelKind::command> command_;
  Writer<Command, ChannelKind::command> jog_;
  Mapping command_bytes_;
  Mapping requests_bytes_;
  RequestQueue agent_;
  RequestQueue operator_;
  Reader<DriveCommand, ChannelKind::drive_command> told_reader_;
  Reader<State, ChannelKind::state> state_reader_;
  EventReader events_;
  Mapping state_bytes_;
  Kinematics kinematics_;
  RigidBody body_;
  std::vector<Watcher> watchers_;
  ChainPose chain_;
  AxisVector home_{};
  DriveState measured_{};
  DriveCommand told_{};
  State state_{};
  Command command_message_{};
  std::uint64_t command_id_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t at_ = 0;
  Scene scene_ = Scene::nothing;
  std::int64_t now_ns_ = 0;
  bool written_ = true;
  std::uint64_t calls_ = 0;
  std::uint64_t moving_ = 0;
  std::uint64_t unheard_ = 0;
  Counts kinds_{};
  Counts stops_{};
  Counts refusals_{};
};

}  // namespace dynamical::rt
