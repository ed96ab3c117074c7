// Pushes the controller with random and adversarial commands, constraints, stops and lost cycles, and looks at what the
// drives are told: `shield_trial MODEL SEED STEPS`. Prints `name=value` lines: by how much each limit was passed at
// worst, how often by more than rounding, and how long point-to-point motions took beside the shortest time possible.
// Ends with 1 if there was a violation.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <string>

#include "rt_control/clearance.hpp"
#include "rt_control/controller.hpp"

namespace dynamical::rt {
namespace {

constexpr double kTolerance = 1e-9;  // rad or m, and for derivatives relative to their limit

struct Worst {
  const char* name;
  double excess = -std::numeric_limits<double>::infinity();
  std::uint64_t violations = 0;
  void see(double value) noexcept {
    if (!(value <= excess)) {  // a value that is not a number is seen too
      excess = value;
    }
    violations += value <= kTolerance ? 0 : 1;
  }
};

// Drives that follow exactly, an agent that lives, and somebody who wants trouble.
class Trial {
 public:
  Trial(const RobotModel& model, std::uint64_t seed)
      : model_(model),
        kinematics_(model),
        capsules_(model),
        clearance_(std::make_unique<Clearance>(model)),
        random_(seed),
        controller_(std::make_unique<Controller>(model, Start{})) {
    period_s_ = static_cast<double>(model.period_ns) * 1e-9;
    for (int tried = 0; tried < kPlaces && (tried == 0 || clearance_at(drives_.position) < 0); ++tried) {
      for (std::size_t axis = 0; axis < model.axes; ++axis) {
        drives_.position[axis] = uniform(model.lower[axis], model.upper[axis]);
      }
    }
    drives_.axes = model.axes;
  }

  void push(std::uint64_t steps) {
    while (steps_ < steps) {
      change_care();
      request_something();
      const std::uint64_t scene = 1 + random_() % 300;
      const bool again = chance(0.3);
      const bool keeps_on = chance(0.1);
      command_something();
      for (std::uint64_t cycle = 0; cycle < (keeps_on ? kLongScene : scene) && steps_ < steps; ++cycle) {
        if (keeps_on && cycle == 0) {
          aim_anywhere();
        }
        if (keeps_on && cycle % 10 == 0) {
          stream(aim_);
        } else if (again && !keeps_on && cycle % 10 == 0) {
          command_something();
        }
        step(chance(0.01) ? 1 + static_cast<std::int64_t>(random_() % 3) : 0);
      }
    }
  }

  // Streams targets from rest to rest with nothing in the way, one after the other, with a robot that has no shape.
  void race(int motions) {
    care_silent_ = false;
    care_ = Constraints{Source::agent, 0, 0, 1.0, 1.0, kNoPersonDistance};
    recover();
    refused_ = outputs_.state.refused;
    model_.pairs = model_.zones = 0;
    controller_ = std::make_unique<Controller>(model_, Start{});
    recover();
    for (int motion = 0; motion < motions; ++motion) {
      AxisVector goal{};
      double shortest_s = 0;
      for (std::size_t axis = 0; axis < model_.axes; ++axis) {
        goal[axis] = chance(0.3) ? (chance(0.5) ? model_.lower[axis] : model_.upper[axis])
                                 : uniform(model_.lower[axis], model_.upper[axis]);
        shortest_s = std::max(shortest_s, shortest_time(axis, std::abs(goal[axis] - drives_.position[axis])));
      }
      std::uint64_t cycles = 0;
      for (; cycles < kGiveUp && !is_at(goal); ++cycles) {
        stream(goal);
        step(0);
      }
      shortest_s_ += shortest_s;
      taken_s_ += static_cast<double>(cycles) * period_s_;
    }
  }

  int print() const {
    std::uint64_t violations = 0;
    for (const Worst& worst : {position_, lost_, velocity_, acceleration_, jerk_, tcp_, clearance_excess_}) {
      std::printf("%s=%.3e\n", worst.name, worst.excess);
      violations += worst.violations;
    }
    std::printf("steps=%llu\nmoving=%llu\nlatched=%llu\nresets=%llu\nrefused=%llu\nnear=%llu\n",
                static_cast<unsigned long long>(steps_), static_cast<unsigned long long>(moving_),
                static_cast<unsigned long long>(latched_), static_cast<unsigned long long>(resets_),
                static_cast<unsigned long long>(refused_), static_cast<unsigned long long>(near_));
    std::printf("shortest_s=%.6f\ntaken_s=%.6f\nviolations=%llu\n", shortest_s_, taken_s_,
                static_cast<unsigned long long>(violations));
    return violations == 0 ? 0 : 1;
  }

 private:
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  bool chance(double share) { return uniform(0, 1) < share; }

  void step(std::int64_t lost) {
    Inputs inputs;
    now_ns_ += model_.period_ns * (1 + lost);
    inputs.now_ns = now_ns_;
    drives_.cycle += static_cast<std::uint64_t>(1 + lost);
    drives_.status = outputs_.drive_command.enable != 0 ? kDriveEnabled : kDriveTorqueOff;
    drives_.accepted_generation = outputs_.drive_command.generation;
    drives_.accepted_cycle = outputs_.drive_command.cycle;
    inputs.drive_state = &drives_;
    heartbeat_ = {Source::agent, ProcessState::healthy, 1, now_ns_, steps_ + 1, 0, 0, 0};
    inputs.agent_heartbeat = &heartbeat_;
    if (!care_silent_) {
      care_.stamp_ns = now_ns_;
      inputs.constraints[static_cast<std::size_t>(care_.source)] = &care_;
      perception_ = care_;
      perception_.source = Source::perception;
      inputs.constraints[static_cast<std::size_t>(Source::perception)] = &perception_;
    }
    if (has_request_) {
      inputs.requests = std::span(&request_, 1);
      has_request_ = false;
    }
    if (has_command_) {
      inputs.command[static_cast<std::size_t>(Source::policy)] = &command_;
      has_command_ = false;
    }
    controller_->step(inputs, outputs_);
    ++steps_;
    look();
  }

  void look() {
    const State& state = outputs_.state;
    const DriveCommand& drive = outputs_.drive_command;
    moving_ += state.execution == ExecutionState::active ? 1 : 0;
    latched_ += state.latched;
    for (std::size_t index = 0; index < outputs_.event_count; ++index) {
      resets_ += outputs_.events[index].kind == EventKind::stop_reset ? 1 : 0;
    }
    if (drive.enable == 0) {
      drives_.velocity = {};
      before_ = {};
      mean_before_ = {};
      return;
    }
    for (std::size_t axis = 0; axis < model_.axes; ++axis) {
      const double position = drive.position[axis];
      const double velocity = drive.velocity[axis];
      const double carried = position + kLostCycles * period_s_ * velocity;
      const double mean = (velocity - before_[axis]) / period_s_;
      position_.see(std::max(position - model_.upper[axis], model_.lower[axis] - position));
      lost_.see(std::max(carried - model_.upper[axis], model_.lower[axis] - carried));
      velocity_.see(std::abs(velocity) / model_.velocity[axis] - 1);
      acceleration_.see(std::abs(mean) / model_.acceleration[axis] - 1);
      jerk_.see(std::abs(mean - mean_before_[axis]) / period_s_ / model_.jerk[axis] - 1 - kJerkRounding);
      before_[axis] = velocity;
      mean_before_[axis] = mean;
    }
    drives_.position = drive.position;
    drives_.velocity = drive.velocity;
    look_at_clearance(drive);
    const bool unknown = (state.stale_constraints >> static_cast<std::uint32_t>(Source::perception) & 1U) != 0;
    unknown_cycles_ = unknown ? unknown_cycles_ + 1 : 0;
    if (unknown_cycles_ > kSlowDown) {
      ChainPose chain;
      kinematics_.place(drive.position, chain);
      const double speed = kinematics_.tcp_velocity(chain, drive.velocity).norm();
      tcp_.see(speed / model_.reduced_tcp_speed_mps - 1 - kTcpTurn);
    }
  }

  // What the arm must keep from itself and from the zones, at once and when its drives carry on for lost cycles.
  void look_at_clearance(const DriveCommand& drive) {
    if (model_.pairs + model_.zones == 0) {
      return;
    }
    AxisVector carried = drive.position;
    for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
      carried[axis] += kLostCycles * period_s_ * drive.velocity[axis];
    }
    const double least = clearance_at(drive.position);
    clearance_excess_.see(-least);
    clearance_excess_.see(-clearance_at(carried));
    near_ += least < kNear ? 1 : 0;
  }

  double clearance_at(const AxisVector& position) {
    ChainPose chain;
    Segments segments;
    kinematics_.place(position, chain);
    capsules_.place(chain, segments);
    clearance_->stand(position, segments);
    return clearance_->least_m();
  }
  static constexpr double kNear = 0.01;
  static constexpr int kPlaces = 1000;  // that are tried for a beginning in which nothing touches

  // Cycles after which whoever was fast when the person's distance became unknown has slowed down.
  static constexpr std::uint64_t kSlowDown = 2000;
  // The TCP's speed is that of the arm as it stands before the cycle; its lever grows by less than this in one.
  static constexpr double kTcpTurn = 0.01;
  // Velocities of 1e-16 rounding, divided by the square of a period.
  static constexpr double kJerkRounding = 1e-7;

  void change_care() {
    static constexpr std::array kScales{0.0, 0.05, 0.3, 1.0, 1.0, 1.0};
    static constexpr std::array kDistances{0.05, 0.2, 0.4, kNoPersonDistance, kNoPersonDistance};
    // Silent for long now and then, so that the distance counts as unknown.
    silent_scenes_ = silent_scenes_ > 0 ? silent_scenes_ - 1 : chance(0.01) ? 60 : 0;
    care_silent_ = silent_scenes_ > 0 || chance(0.1);
    care_ = Constraints{Source::agent,
                        0,
                        0,
                        kScales[random_() % kScales.size()],
                        chance(0.2) ? 2.0 : 1.0,
                        kDistances[random_() % kDistances.size()]};
  }

  void request_something() {
    const bool stands = outputs_.state.latched != 0;
    if (stands) {
      request(chance(0.7) ? RequestKind::reset : RequestKind::stop, Source::operator_);
    } else if (outputs_.state.authority != Source::policy || chance(0.05)) {
      request(RequestKind::grant_authority, Source::agent);
    } else if (chance(0.06)) {
      static constexpr std::array kKinds{RequestKind::hold, RequestKind::stop, RequestKind::safe_torque_off,
                                         RequestKind::revoke_authority};
      request(kKinds[random_() % kKinds.size()], chance(0.5) ? Source::operator_ : Source::agent);
    }
  }

  void request(RequestKind kind, Source origin) {
    request_ = {kind, origin, Source::policy, 1, outputs_.state.epoch_highest + 1, now_ns_};
    has_request_ = true;
  }

  void command_something() {
    start_command(chance(0.3) ? CommandKind::stream : CommandKind::chunk);
    const double kind = uniform(0, 1);
    for (std::uint32_t setpoint = 0; setpoint < command_.count; ++setpoint) {
      for (std::size_t axis = 0; axis < model_.axes; ++axis) {
        const double low = model_.lower[axis];
        const double high = model_.upper[axis];
        double& value = command_.position[setpoint][axis];
        if (kind < 0.4) {  // corners
          value = chance(0.5) ? low : high;
        } else if (kind < 0.6) {  // noise
          value = uniform(low, high);
        } else if (kind < 0.9) {  // from here, with a speed
          const double step = uniform(-1.5, 1.5) * model_.velocity[axis] * 1e-9;
          value = std::clamp(
              outputs_.state.position_reference[axis] + step * static_cast<double>(command_.spacing_ns) * setpoint, low,
              high);
        } else {  // hostile
          static constexpr std::array kHostile{std::numeric_limits<double>::quiet_NaN(),
                                               std::numeric_limits<double>::infinity(), -1e300, 1e308, 1e-300};
          value = chance(0.2) ? kHostile[random_() % kHostile.size()] : uniform(2 * low - high, 2 * high - low);
        }
      }
    }
  }

  // A place that the arm may reach in the end, whatever stands in between.
  void aim_anywhere() {
    for (std::size_t axis = 0; axis < model_.axes; ++axis) {
      aim_[axis] = uniform(model_.lower[axis], model_.upper[axis]);
    }
  }
  static constexpr std::uint64_t kLongScene = 1500;

  void start_command(CommandKind kind) {
    static constexpr std::array<std::int64_t, 4> kSpacings{1'000'000, 5'000'000, 20'000'000, 60'000'000};
    const State& state = outputs_.state;
    command_ = {};
    command_.epoch = state.epoch;
    command_.command_id = ++command_id_;
    command_.source = Source::policy;
    command_.kind = kind;
    command_.axes = model_.axes;
    command_.observation_ns = now_ns_;
    command_.start_ns =
        state.trajectory_ns + (chance(0.3) ? static_cast<std::int64_t>(random_() % 100) * 1'000'000 : 0);
    command_.spacing_ns = kSpacings[random_() % kSpacings.size()];
    command_.count = kind == CommandKind::stream ? 1 : 2 + static_cast<std::uint32_t>(random_() % 31);
    command_.end_ns = now_ns_ + (command_.start_ns - state.trajectory_ns) + (command_.count - 1) * command_.spacing_ns;
    has_command_ = true;
  }

  void stream(const AxisVector& goal) {
    start_command(CommandKind::stream);
    command_.start_ns = outputs_.state.trajectory_ns;
    command_.position[0] = goal;
  }

  void recover() {
    for (int round = 0; round < 100; ++round) {
      const bool stands = outputs_.state.latched != 0;
      request(stands ? RequestKind::reset : RequestKind::grant_authority, stands ? Source::operator_ : Source::agent);
      for (int cycle = 0; cycle < 100 || !stands_still(); ++cycle) {
        step(0);
      }
      if (!stands && outputs_.state.authority == Source::policy && !has_request_) {
        return;
      }
    }
  }

  [[nodiscard]] bool stands_still() const {
    return std::ranges::all_of(outputs_.state.velocity_reference, [](double velocity) { return velocity == 0; });
  }

  [[nodiscard]] bool is_at(const AxisVector& goal) const {
    for (std::size_t axis = 0; axis < model_.axes; ++axis) {
      if (std::abs(drives_.position[axis] - goal[axis]) > kThere || std::abs(drives_.velocity[axis]) > kThere) {
        return false;
      }
    }
    return true;
  }
  static constexpr double kThere = 1e-4;
  static constexpr std::uint64_t kGiveUp = 200'000;

  // From rest to rest with velocity, acceleration and jerk limited; the textbook's double S.
  [[nodiscard]] double shortest_time(std::size_t axis, double way) const {
    const double v = model_.velocity[axis];
    const double a = model_.acceleration[axis];
    const double j = model_.jerk[axis];
    const bool holds = v >= a * a / j;  // the acceleration limit is reached on the way to the velocity limit
    const double build = holds ? v / a + a / j : 2 * std::sqrt(v / j);
    if (way >= v * build) {
      return way / v + build;
    }
    const double fast = (std::sqrt(a * a * a * a / (j * j) + 4 * a * way) - a * a / j) / 2;
    return holds && fast >= a * a / j ? 2 * (fast / a + a / j) : 4 * std::cbrt(way / (2 * j));
  }

  RobotModel model_;
  Kinematics kinematics_;
  Capsules capsules_;
  std::unique_ptr<Clearance> clearance_;
  std::mt19937_64 random_;
  std::unique_ptr<Controller> controller_;
  double period_s_ = 0;
  std::int64_t now_ns_ = 1'000'000'000;
  std::uint64_t steps_ = 0;
  std::uint64_t moving_ = 0;
  std::uint64_t latched_ = 0;
  std::uint64_t resets_ = 0;
  std::uint64_t near_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t command_id_ = 0;
  std::uint64_t unknown_cycles_ = 0;
  double shortest_s_ = 0;
  double taken_s_ = 0;
  DriveState drives_{};
  Heartbeat heartbeat_{};
  Constraints care_{};
  Constraints perception_{};
  bool care_silent_ = false;
  int silent_scenes_ = 0;
  Request request_{};
  bool has_request_ = false;
  AxisVector aim_{};
  Command command_{};
  bool has_command_ = false;
  Outputs outputs_{};
  AxisVector before_{};
  AxisVector mean_before_{};
  Worst position_{"position"};
  Worst lost_{"position_after_lost_cycles"};
  Worst velocity_{"velocity"};
  Worst acceleration_{"acceleration"};
  Worst jerk_{"jerk"};
  Worst tcp_{"tcp_speed"};
  Worst clearance_excess_{"clearance"};
};

}  // namespace
}  // namespace dynamical::rt

int main(int count, char** values) {
  using namespace dynamical::rt;
  if (count != 4) {
    std::fprintf(stderr, "usage: shield_trial MODEL SEED STEPS\n");
    return 2;
  }
  std::ifstream file(values[1], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto trial =
      std::make_unique<Trial>(model_from_bytes(std::as_bytes(std::span(bytes))), std::strtoull(values[2], nullptr, 10));
  trial->push(std::strtoull(values[3], nullptr, 10));
  trial->race(20);
  return trial->print();
}
