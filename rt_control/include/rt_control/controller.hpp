// All decisions of tier 1: what the drives are told, as a function of what was read in this and earlier cycles. No
// clock, no I/O, no allocation; the executable and Python's virtual time run the same object.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rt_control/authority.hpp"
#include "rt_control/care.hpp"
#include "rt_control/contact.hpp"
#include "rt_control/execution.hpp"
#include "rt_control/kinematics.hpp"
#include "rt_control/motion.hpp"
#include "rt_control/ramp.hpp"
#include "rt_control/stop_machine.hpp"

namespace dynamical::rt {

inline constexpr std::size_t kMaxEvents = 64;

// What one cycle reads. A pointer is null when the channel has nothing new.
struct Inputs {
  std::int64_t now_ns = 0;  // when this cycle was due, not when it woke: references must be evenly spaced
  const DriveState* drive_state = nullptr;
  std::array<const Command*, kMaxSources> command{};  // by the ring that it came from
  std::uint32_t corrupt_commands = 0;                 // bit per Source: a new command failed its checksum
  std::array<const Constraints*, kMaxSources> constraints{};
  const Heartbeat* agent_heartbeat = nullptr;
  std::span<const Request> requests;  // their `origin` is that of the queue
  std::int64_t wake_latency_ns = 0;
  std::int64_t compute_ns = 0;  // of the cycle before
  StageTimes stages{};          // of the cycle before
  std::uint64_t deadline_misses = 0;
  std::uint64_t skipped_cycles = 0;
  std::uint64_t requests_lost = 0;   // refused or corrupt, since start
  std::uint32_t realtime = 0;        // RealtimeStatus bits
  bool channel_broken = false;       // something could not be written
  std::int32_t forbidden_call = -1;  // number of a system call that the kernel refused to the real-time thread
  bool shutdown = false;             // come to rest and finish
};

struct Outputs {
  State state;
  DriveCommand drive_command;
  std::array<Event, kMaxEvents> events;
  std::size_t event_count;
  bool finished;  // after a shutdown: at rest, torque off
};

// How rt_control begins.
struct Start {
  std::uint64_t generation = 1;
  const State* previous = nullptr;  // last state of the rt_control before, if there was one
};

class Controller {
 public:
  Controller(const RobotModel& model, const Start& start) noexcept;

  void step(const Inputs& inputs, Outputs& outputs) noexcept;

 private:
  void begin_cycle(const Inputs& inputs) noexcept;
  void read_drives(const Inputs& inputs) noexcept;
  void hear(const Inputs& inputs) noexcept;
  void hear_agent(const Heartbeat& heartbeat) noexcept;

  void detect_faults(const Inputs& inputs) noexcept;
  void detect_own_faults(const Inputs& inputs) noexcept;
  void detect_lateness() noexcept;
  void detect_drive_faults() noexcept;
  [[nodiscard]] bool drives_refuse() noexcept;
  void detect_limit_violation() noexcept;
  void detect_contact() noexcept;
  void detect_agent_loss() noexcept;
  void condition(Fault fault, std::int32_t axis, double value, double limit, Source source = Source::none) noexcept;
  void raise(Fault fault, std::int32_t axis, double value, double limit, Source source) noexcept;

  void take_requests(const Inputs& inputs) noexcept;
  [[nodiscard]] bool take_request(const Request& request) noexcept;
  [[nodiscard]] bool grant(const Request& request) noexcept;
  [[nodiscard]] bool revoke(const Request& request) noexcept;
  void hold(Source origin) noexcept;
  void request_stop(Fault fault, Source origin) noexcept;
  [[nodiscard]] bool begin_reset(Source origin) noexcept;
  void advance_reset() noexcept;
  void abort_reset() noexcept;
  void take_shutdown(const Inputs& inputs) noexcept;

  void take_commands(const Inputs& inputs) noexcept;
  void take_command(const Command& command, Source ring) noexcept;
  [[nodiscard]] Refusal check(const Command& command, Source ring) const noexcept;
  void refuse(Refusal refusal, Source source, std::uint64_t command_id) noexcept;
  void start_command(const Command& command) noexcept;
  void drop_commands() noexcept;
  [[nodiscard]] std::int64_t trajectory_due_ns() const noexcept;
  void end_commands_when_due() noexcept;

  void execute() noexcept;
  void move() noexcept;
  void advance_reference() noexcept;
  void watch_ramp() noexcept;
  void finish_stops() noexcept;
  void supervise_ramp() noexcept;
  void explain(Intervention intervention) noexcept;
  void apply(ExecutionEvent event) noexcept;
  void set_authority_event() noexcept;

  void publish(const Inputs& inputs, Outputs& outputs) noexcept;
  void fill_drive_command(DriveCommand& drive) const noexcept;
  void fill_state(const Inputs& inputs, State& state) const noexcept;
  void push(EventKind kind, std::uint32_t code, std::int32_t axis = -1, Source source = Source::none,
            double requested = 0, double admitted = 0, double limit = 0) noexcept;

  [[nodiscard]] bool drives_follow() const noexcept;
  [[nodiscard]] bool at_standstill() const noexcept;
  [[nodiscard]] bool degraded() const noexcept { return (realtime_ & kRealtimeDegraded) != 0; }

  RobotModel model_;
  Kinematics kinematics_;
  Motion motion_;
  CareBoard care_board_;
  RampMonitor ramp_;
  ContactObserver contact_;
  Care care_;
  Authority authority_;
  StopMachine stops_;
  ExecutionState execution_ = ExecutionState::idle;
  Outputs* outputs_ = nullptr;  // of the cycle being executed

  std::uint64_t generation_;
  std::uint64_t cycle_ = 0;
  std::int64_t now_ns_ = 0;
  std::int64_t skipped_ns_ = 0;  // between the cycle before and this one
  double lateness_ns_ = 0;       // sum of what was skipped, leaking
  Lateness late_{};
  double reaction_s_ = 0;  // how late this host was, worst of the last seconds, fading
  bool clock_broken_ = false;
  std::uint32_t realtime_ = 0;
  std::uint32_t conditions_ = 0;  // bit per latching Fault whose cause is there in this cycle

  DriveState drive_{};
  ChainPose measured_;              // the arm, as the drives measured it
  std::uint32_t drive_passed_ = 1;  // cycles of the drives between the last two fresh states
  bool drive_seen_ = false;
  bool drive_enabled_once_ = false;
  std::uint32_t drive_age_ = 0;          // executed cycles since the last fresh state
  std::uint32_t drive_refusal_age_ = 0;  // executed cycles in which the drives should have followed, and did not
  std::uint32_t drive_wait_ = 0;         // fresh states without `enabled` since they were told to enable
  std::uint32_t steps_ahead_ = 0;        // of the reference, that the drives have had no cycle for
  bool advances_ = true;                 // the reference, in this cycle
  bool watches_ramp_ = false;            // since a stop began until the robot stands
  bool powered_ = false;                 // what the drives are told: enable
  bool restarted_ = false;               // began after an rt_control that did not end cleanly

  std::int64_t agent_stamp_ns_ = -1;
  bool agent_seen_ = false;
  std::uint32_t agent_age_ = 0;

  Command current_{};
  Command next_{};  // a chunk whose start is still to come
  bool has_current_ = false;
  bool has_next_ = false;
  bool held_ = false;
  bool shutdown_ = false;
  std::uint32_t stream_age_ = 0;
  std::array<std::uint64_t, kMaxSources> seen_id_{};
  std::array<std::uint64_t, kMaxSources> seen_epoch_{};
  std::uint32_t skill_ = 0;
  std::uint32_t reset_cycles_ = 0;       // left of a reset in progress
  std::uint64_t reset_began_cycle_ = 0;  // the first that told the drives to clear their fault
  std::uint32_t reset_clears_ = 0;       // bit per Fault that the drives are expected to clear
  bool stop_requested_ = false;          // in this cycle

  Intervention intervention_{};
  std::uint64_t interventions_ = 0;
  Constraint explained_ = Constraint::none;  // in the cycle before
  std::array<std::uint64_t, 16> explained_cycle_{};
  Refusal refusal_ = Refusal::none;
  Refusal refusal_said_ = Refusal::none;  // since the last command that was taken
  Source refused_source_ = Source::none;
  std::uint64_t refused_id_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t events_lost_ = 0;
  struct Said {
    std::uint64_t count = 0;
    std::uint64_t cycle = 0;
  };
  void say_rise(Said& said, std::uint64_t count, EventKind kind) noexcept;
  Said deadline_misses_;
  Said requests_lost_;
};

}  // namespace dynamical::rt
