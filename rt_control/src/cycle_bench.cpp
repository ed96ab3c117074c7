// Times whole cycles of the real loop, one after the other, on a run directory of its own: an arm that follows its
// drives and is moved by chunks, with everybody alive. Prints `name=value` lines; durations in ns.
//
// Everything that the controller checks is in the robot's model, so that what is added there is measured here.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cycle.hpp"
#include "realtime.hpp"
#include "rt_control/clearance.hpp"
#include "rt_control/kinematics.hpp"
#include "rt_control/rigid_body.hpp"

namespace dynamical::rt {
namespace {

constexpr std::int64_t kPeriod_ns = 1'000'000;
constexpr std::uint64_t kWarmUp = 200;
constexpr std::uint64_t kChunkEvery = 10;  // cycles: a policy at 100 Hz
constexpr std::uint64_t kHeartbeatEvery = 20;
constexpr std::int64_t kSpacing_ns = 20'000'000;
constexpr std::uint32_t kSetpoints = 16;
constexpr double kSwing = 0.15;  // rad
constexpr double kSwing_s = 2.0;

const char* name_of(Source source) {
  switch (source) {
    case Source::agent:
      return "agent";
    case Source::perception:
      return "perception";
    case Source::fallback:
      return "fallback";
    case Source::safety_model:
      return "safety_model";
    default:
      return nullptr;
  }
}

// The rest of the robot: drives, agent, policy, and who watches for persons.
class World {
 public:
  World(const RobotModel& model, const std::string& directory, bool near)
      : model_(model),
        drives_(directory + "/drive.state"),
        heartbeat_(directory + "/heartbeat.agent"),
        command_(directory + "/command.policy"),
        requests_(directory + "/requests.agent"),
        kinematics_(model),
        body_(model) {
    for (std::size_t slot = 0; slot < model.constraint_slots; ++slot) {
      const Source source = model.constraint_slot[slot].source;
      if (const char* name = name_of(source)) {
        constraints_.push_back({source, std::make_unique<Writer<Constraints, ChannelKind::constraints>>(
                                            directory + "/constraints." + name)});
      }
    }
    for (std::size_t axis = 0; axis < model.axes; ++axis) {
      home_[axis] = (model.lower[axis] + model.upper[axis]) / 2;
    }
    if (near) {
      go_near();
    }
    state_.position = home_;
  }

  void act(std::uint64_t number, std::int64_t now_ns, const Outputs& outputs) {
    follow(number, now_ns, outputs.drive_command);
    weigh(outputs.state.acceleration_reference);
    bool written = drives_.write(state_, now_ns);
    if (number % kHeartbeatEvery == 0) {
      const Heartbeat beat{Source::agent, ProcessState::healthy, 1, now_ns, number, 50, 0.1, 0};
      written = heartbeat_.write(beat, now_ns) && written;
      for (auto& item : constraints_) {
        const Constraints message{item.source, 0, now_ns, 1.0, 1.0, 1.0e3};
        written = item.writer->write(message, now_ns) && written;
      }
    }
    if (outputs.state.authority != Source::policy && number % 100 == 50) {
      written = requests_.push({RequestKind::grant_authority, Source::agent, Source::policy, 1,
                                outputs.state.epoch_highest + 1, now_ns}) &&
                written;
    }
    if (number % kChunkEvery == 0) {
      move(now_ns, outputs.state);
      written = command_.write(chunk_, now_ns) && written;
    }
    if (!written) {
      std::fprintf(stderr, "cycle_bench: a channel cannot be written\n");
      std::exit(1);
    }
  }

 private:
  struct Watcher {
    Source source;
    std::unique_ptr<Writer<Constraints, ChannelKind::constraints>> writer;
  };

  void follow(std::uint64_t number, std::int64_t now_ns, const DriveCommand& told) {
    state_.cycle = number + 1;
    state_.stamp_ns = now_ns;
    state_.axes = model_.axes;
    state_.dilation = 1;
    state_.battery = 1;
    state_.accepted_generation = told.generation;
    state_.accepted_cycle = told.cycle;
    state_.status = told.enable != 0 ? kDriveEnabled : kDriveTorqueOff;
    if (told.enable != 0) {
      state_.position = told.position;
      state_.velocity = told.velocity;
    }
  }

  // To a place in which the arm is just clear of itself and of the zones: each swing is stopped there.
  void go_near() {
    constexpr int kTries = 100'000;
    // The same place each time. NOLINTNEXTLINE(bugprone-random-generator-seed,cert-msc32-c,cert-msc51-cpp)
    std::mt19937_64 random(1);
    const Capsules capsules(model_);
    Clearance clearance(model_);
    Segments segments;
    for (int tried = 0; tried < kTries; ++tried) {
      for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
        home_[axis] = std::uniform_real_distribution(model_.lower[axis], model_.upper[axis])(random);
      }
      kinematics_.place(home_, chain_);
      capsules.place(chain_, segments);
      clearance.stand(home_, segments);
      if (clearance.least_m() > kNearest && clearance.least_m() < kNear) {
        return;
      }
    }
    throw ChannelFault("cycle_bench: no place was found where the arm is near itself or a zone; it has no shapes");
  }
  static constexpr double kNearest = 0.002;  // m
  static constexpr double kNear = 0.01;

  // The torque of the motion, so that nothing presses on the arm.
  void weigh(const AxisVector& acceleration) {
    kinematics_.place(state_.position, chain_);
    AxisVector friction;
    body_.inverse_dynamics(chain_, state_.velocity, acceleration, state_.torque);
    body_.friction_torque(state_.velocity, friction);
    for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
      state_.torque[axis] += friction[axis];
    }
  }

  // A swing of all arm axes, each with its own phase, timed by the reference.
  void move(std::int64_t now_ns, const State& state) {
    chunk_.epoch = state.epoch;
    ++chunk_.command_id;
    chunk_.source = Source::policy;
    chunk_.kind = CommandKind::chunk;
    chunk_.axes = model_.axes;
    chunk_.observation_ns = now_ns;
    chunk_.start_ns = state.trajectory_ns + model_.period_ns;
    chunk_.spacing_ns = kSpacing_ns;
    chunk_.count = kSetpoints;
    chunk_.end_ns = chunk_.start_ns + (kSetpoints - 1) * kSpacing_ns;
    for (std::uint32_t setpoint = 0; setpoint < kSetpoints; ++setpoint) {
      const double time_s = static_cast<double>(chunk_.start_ns + setpoint * kSpacing_ns) * 1e-9;
      chunk_.position[setpoint] = home_;
      for (std::size_t axis = 0; axis < model_.arm_axes; ++axis) {
        const double phase = 2 * M_PI * time_s / kSwing_s + static_cast<double>(axis);
        chunk_.position[setpoint][axis] += kSwing * std::sin(phase);
      }
    }
  }

  const RobotModel& model_;
  Writer<DriveState, ChannelKind::drive_state> drives_;
  Writer<Heartbeat, ChannelKind::heartbeat> heartbeat_;
  Writer<Command, ChannelKind::command> command_;
  RequestQueue requests_;
  std::vector<Watcher> constraints_;
  AxisVector home_{};
  DriveState state_{};
  Kinematics kinematics_;
  RigidBody body_;
  ChainPose chain_;
  Command chunk_{};
};

// What other processes leave of the caches between two cycles of a real robot.
class Caches {
 public:
  void displace() {
    for (std::size_t at = 0; at < bytes_.size(); at += 64) {
      bytes_[at] = static_cast<unsigned char>(bytes_[at] + 1);
    }
  }

 private:
  std::vector<unsigned char> bytes_ = std::vector<unsigned char>(std::size_t{4} * 1024 * 1024);
};

void print(const char* name, std::vector<std::int64_t>& values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return static_cast<long long>(values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))]);
  };
  std::printf("%s_p50=%lld\n%s_p99=%lld\n%s_max=%lld\n", name, at(0.5), name, at(0.99), name, at(1.0));
}

void measure(const std::string& directory, std::uint64_t cycles, bool cold, bool near) {
  std::ifstream file(directory + "/robot", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const RobotModel model = model_from_bytes(std::as_bytes(std::span(bytes)));
  Connections connections(directory);
  BlackBox black_box(directory + "/blackbox");
  Outlets outlets;
  const auto world = std::make_unique<World>(model, directory, near);
  const auto cycle = std::make_unique<Cycle>(model, connections, black_box, outlets);
  Caches caches;
  std::vector<std::int64_t> decide;
  std::vector<std::int64_t> compute;
  std::uint64_t moving = 0;
  std::uint64_t held_back = 0;
  const std::int64_t begin_ns = monotonic_ns();
  for (std::uint64_t number = 0; number < cycles + kWarmUp; ++number) {
    // Ahead of the clock, so that no cycle counts as late.
    const std::int64_t due_ns = begin_ns + static_cast<std::int64_t>(number + 1) * kPeriod_ns;
    world->act(number, due_ns, cycle->outputs());
    if (cold) {
      caches.displace();
    }
    cycle->run(due_ns, monotonic_ns());
    if (number >= kWarmUp) {
      const StageTimes& times = cycle->times();
      decide.push_back(times.decide_ns);
      compute.push_back(times.read_ns + times.decide_ns + times.write_drives_ns + times.write_state_ns);
      const State& state = cycle->outputs().state;
      moving += state.execution == ExecutionState::active ? 1 : 0;
      const Constraint by = state.intervention.cycle == state.cycle ? state.intervention.constraint : Constraint::none;
      held_back += by == Constraint::self_collision || by == Constraint::workspace ? 1 : 0;
    }
  }
  std::printf("cycles=%llu\nmoving=%llu\nheld_back=%llu\n", static_cast<unsigned long long>(cycles),
              static_cast<unsigned long long>(moving), static_cast<unsigned long long>(held_back));
  print("decide", decide);
  print("cycle", compute);
}

}  // namespace
}  // namespace dynamical::rt

int main(int count, char** values) {
  const std::span<char* const> arguments(values, static_cast<std::size_t>(count));
  if (arguments.size() < 3 || std::strtoull(arguments[2], nullptr, 10) == 0) {
    std::fprintf(stderr, "usage: cycle_bench RUN_DIRECTORY CYCLES [cold|near]\n");
    return 2;
  }
  try {
    const std::string_view how = arguments.size() > 3 ? arguments[3] : "";
    dynamical::rt::measure(arguments[1], std::strtoull(arguments[2], nullptr, 10), how == "cold", how == "near");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cycle_bench: %s\n", error.what());
    return 2;
  }
  return 0;
}
