// Every message that passes through shared memory, and nothing else.
//
// This is the one layout header: C++ includes it, Python sees the same structs through the bindings. A message is
// trivially copyable, has no padding that matters, and is a multiple of eight bytes long. Units are SI; angles in rad;
// an axis is a joint or the gripper (a prismatic axis, m). Quaternions are (w, x, y, z). Every `_ns` is
// CLOCK_MONOTONIC.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace dynamical::rt {

inline constexpr std::uint32_t kLayoutVersion = 1;
inline constexpr std::size_t kMaxAxes = 16;
inline constexpr std::size_t kMaxSetpoints = 32;
inline constexpr std::size_t kMaxSources = 12;
inline constexpr std::size_t kHistogramBuckets = 64;
inline constexpr double kNoPersonDistance =
    1.0e3;  // m; "looked, and nobody is there". Unknown is a slot that is stale.

using AxisVector = std::array<double, kMaxAxes>;

// Who writes. The number is also the index of the writer's rings, so it never changes its meaning.
enum class Source : std::uint32_t {
  none = 0,
  agent = 1,
  policy = 2,
  fallback = 3,
  jog = 4,
  ros = 5,
  perception = 6,
  safety_model = 7,
  cameras = 8,
  plant = 9,
  supervisor = 10,
  operator_ = 11,
};

enum class CommandKind : std::uint32_t { none = 0, chunk = 1, stream = 2 };

// Motion that one source asks for. A chunk has an end; a stream is one setpoint with a lease.
struct Command {
  std::uint64_t epoch;       // of the authority under which it was computed
  std::uint64_t command_id;  // rises with each command of this source
  Source source;
  CommandKind kind;
  std::uint32_t skill;  // which skill asked for it, as the agent numbered it; 0 = none
  std::uint32_t axes;
  std::int64_t observation_ns;  // when the oldest observation that it rests on was measured
  std::int64_t start_ns;        // of setpoint 0, on the time of the reference (State::trajectory_ns)
  std::int64_t spacing_ns;      // between setpoints, > 0
  std::int64_t end_ns;          // not before setpoint 0, nor after the last one; braking begins here
  std::uint32_t count;          // setpoints used, 1..kMaxSetpoints
  std::uint32_t reserved;
  std::array<AxisVector, kMaxSetpoints> position;
};

// What one source knows that asks for more care. The most careful of the fresh ones holds.
struct Constraints {
  Source source;
  std::uint32_t reserved;
  std::int64_t stamp_ns;     // when measured
  double speed_scale;        // 0..1 of every velocity limit
  double margin_scale;       // >= 1, multiplies protective distances
  double person_distance_m;  // nearest person to any part of the robot; kNoPersonDistance if nobody is there;
                             // NaN if this source does not measure it (another must)
};

enum class ProcessState : std::uint32_t { starting = 0, healthy = 1, degraded = 2, stopping = 3 };

struct Heartbeat {
  Source source;
  ProcessState state;
  std::int64_t pid;
  std::int64_t stamp_ns;  // when written; it counts as life only if it rises
  std::uint64_t count;
  double rate_hz;        // of the process's own loop, measured
  double busy_ratio;     // 0..1 share of its period that it worked
  std::uint64_t missed;  // its own deadlines missed since start
};

enum class RequestKind : std::uint32_t {
  none = 0,
  grant_authority = 1,   // source, epoch (must exceed every epoch granted before)
  revoke_authority = 2,  // motion ends by SS2
  hold = 3,              // SS2, not latched
  stop = 4,              // SS1, latched: the e-stop edge
  safe_torque_off = 5,   // STO, latched
  reset = 6,             // operator's edge; see the rules of the stop machine
  begin_skill = 7,       // skill
  end_skill = 8,         // skill
};

struct Request {
  RequestKind kind;
  Source origin;  // agent or operator_
  Source source;  // whom it concerns
  std::uint32_t skill;
  std::uint64_t epoch;
  std::int64_t stamp_ns;
};

enum class ExecutionState : std::uint32_t { idle = 0, active = 1, holding = 2, stopping = 3, stopped = 4, fault = 5 };

// Ordered: the worst wins.
enum class Stop : std::uint32_t { none = 0, ss2 = 1, ss1 = 2, sto = 3 };

enum class Fault : std::uint32_t {
  none = 0,
  command_ended = 1,  // chunk ran out, or the lease of a stream
  authority_revoked = 2,
  hold_requested = 3,
  separation = 4,  // a person is nearer than the protective distance
  operator_stop = 5,
  agent_lost = 6,
  lateness = 7,  // rt_control itself was late, or was stopped and continued
  clock_broken = 8,
  channel_broken = 9,
  drive_fault = 10,  // a drive reports a fault, or its own watchdog tripped
  drive_lost = 11,   // no fresh drive state
  ramp_not_followed = 12,
  limit_violated = 13,  // a measured axis is outside its limits
  safe_torque_off_requested = 14,
  restarted = 15,       // rt_control began while the robot was not known to be at rest under control
  forbidden_call = 16,  // the real-time thread asked the kernel for something that it never needs
  contact = 17,         // something presses on the arm
};

// Why a command was not taken. Never latched.
enum class Refusal : std::uint32_t {
  none = 0,
  wrong_authority = 1,
  wrong_epoch = 2,
  too_old = 3,
  not_finite = 4,
  out_of_range = 5,
  malformed = 6,
  crc = 7,
  latched = 8,    // a stop is latched
  not_ready = 9,  // the drives do not follow yet
  held = 10,      // a hold was requested; a grant or a begun skill ends it
};

// What scaled or overrode a motion.
enum class Constraint : std::uint32_t {
  none = 0,
  position = 1,
  velocity = 2,
  acceleration = 3,
  speed_scale = 4,
  tcp_speed = 5,
  separation = 6,
  jerk = 7,
  torque = 8,
  workspace = 9,
  self_collision = 10,
};

struct Intervention {
  Constraint constraint;
  std::int32_t axis;  // -1: the whole robot
  double margin;      // to the limit, in the limit's unit
  double requested;
  double admitted;
  std::uint64_t cycle;
};

struct StopCause {
  Fault fault;
  Stop stop;
  std::int32_t axis;  // -1: none
  Source source;
  std::uint64_t cycle;
  std::int64_t stamp_ns;
  double value;  // what was seen, in the unit of the fault (see docs/faults.md)
  double limit;
};

// Where the time of a cycle goes, in the order in which it passes.
enum class Stage : std::uint32_t { none = 0, wake_up = 1, read = 2, decide = 3, write_drives = 4, write_state = 5 };

struct StageTimes {
  std::int64_t wake_up_ns;  // from when the cycle was due until its thread ran
  std::int64_t read_ns;
  std::int64_t decide_ns;
  std::int64_t write_drives_ns;
  std::int64_t write_state_ns;  // with all that follows it
};

// When rt_control was late, and what took the time.
struct Lateness {
  Stage stage;
  std::uint32_t reserved;
  std::uint64_t cycle;      // the first one after the delay
  std::int64_t skipped_ns;  // cycles that did not take place
};

// rt_control -> all, every cycle.
struct State {
  std::uint64_t cycle;
  std::int64_t stamp_ns;     // when the drives were read
  std::uint64_t generation;  // of this rt_control; rises with each start
  std::uint32_t axes;
  ExecutionState execution;
  Stop stop;              // in force now
  std::uint32_t latched;  // 1: only an operator's reset ends it
  StopCause first_cause;  // of the latched stop; fault none if none
  StopCause last_cause;   // of the last stop of any kind
  Source authority;
  std::uint32_t skill;
  std::uint64_t epoch;
  std::uint64_t epoch_highest;  // a grant must exceed it
  std::uint64_t command_id;     // being executed; 0 if none
  std::int64_t command_end_ns;
  // Time of the reference: runs with stamp_ns, slower where a motion is scaled down, and not at all in a cycle in which
  // the reference makes no step. Never ahead of stamp_ns. A plan that is timed by it is delayed by what slows the
  // reference; one that is timed by the clock would be caught up with, faster than planned and past its goal.
  std::int64_t trajectory_ns;
  AxisVector position;  // measured
  AxisVector velocity;
  AxisVector torque;
  AxisVector position_reference;  // what the drives were told
  AxisVector velocity_reference;
  AxisVector acceleration_reference;
  std::array<double, 3> tcp_position_base;
  std::array<double, 4> tcp_quaternion_base;
  double tcp_speed_mps;
  double speed_scale;               // in force
  double margin_scale;              // in force
  double person_distance_m;         // in force; kNoPersonDistance if nobody; worst case if stale
  double battery;                   // 0..1
  std::uint32_t stale_constraints;  // bit per Source whose declared slot is stale
  std::uint32_t drive_status;       // DriveStatus bits
  Intervention intervention;        // the last one
  std::uint64_t interventions;      // cycles in which a motion was scaled or overridden, since start
  Refusal refusal;                  // of the last refused command
  Source refused_source;
  std::uint64_t refused_id;
  std::uint64_t refused;          // commands refused since start
  std::uint64_t events;           // events pushed since start
  std::uint64_t events_lost;      // more than one cycle holds, since start
  std::uint64_t requests_lost;    // refused by a full or locked queue, or corrupt in it, since start
  std::uint64_t deadline_misses;  // commands that reached the drives more than one period after they were due
  std::uint64_t skipped_cycles;   // never replayed
  std::int64_t wake_latency_ns;   // of this cycle
  std::int64_t compute_ns;        // of the previous cycle
  StageTimes stages;              // of the previous cycle
  Lateness lateness;              // the last one; while one is latched, the one that did it
  double agent_age_s;             // in cycles counted by rt_control, times its period
  std::uint32_t realtime;         // RealtimeStatus bits
  std::uint32_t ended;            // 1: the last state of an rt_control that was asked to end and did so at rest
};

enum RealtimeStatus : std::uint32_t {
  kRealtimeFifo = 1u << 0,
  kRealtimeMemoryLocked = 1u << 1,
  kRealtimeAffinity = 1u << 2,
  kRealtimeDegraded = 1u << 3,  // a simulated robot runs without what it needs; a real one refuses to arm
  kRealtimeFiltered = 1u << 4,  // the kernel refuses every system call that the loop does not need
};

enum class EventKind : std::uint32_t {
  none = 0,
  execution_changed = 1,  // code: ExecutionState before << 8 | after
  stop_raised = 2,        // code: Fault
  stop_reset = 3,
  command_refused = 4,    // code: Refusal; pushed once per change of reason
  intervention = 5,       // code: Constraint; pushed when it begins
  authority_changed = 6,  // code: Source
  request_refused = 7,    // code: RequestKind
  deadline_missed = 8,
  started = 9,
  requests_lost = 10,  // requested: how many since start
};

struct Event {
  EventKind kind;
  std::uint32_t code;
  std::int32_t axis;
  Source source;
  std::uint64_t cycle;
  std::int64_t stamp_ns;
  double requested;
  double admitted;
  double limit;
};

// rt_control -> drives, every cycle. `generation` lets the drives take commands from the newest rt_control only.
struct DriveCommand {
  std::uint64_t cycle;
  std::uint64_t generation;
  std::int64_t stamp_ns;
  std::uint32_t axes;
  std::uint32_t enable;       // 1: follow the reference; 0: torque off, brakes closed
  std::uint32_t clear_fault;  // 1: re-arm a tripped watchdog (only in a reset)
  std::uint32_t reserved;
  AxisVector position;
  AxisVector velocity;
};

enum DriveStatus : std::uint32_t {
  kDriveEnabled = 1u << 0,
  kDriveTorqueOff = 1u << 1,
  kDriveWatchdogTripped = 1u << 2,
  kDriveFault = 1u << 3,
  kDriveEmergencyStop = 1u << 4,  // the e-stop chain is open, or took the torque and was not cleared since
};

// Drives -> rt_control, every plant cycle.
struct DriveState {
  std::uint64_t cycle;  // plant cycles since start
  std::int64_t stamp_ns;
  std::uint64_t accepted_generation;
  std::uint64_t accepted_cycle;  // of the last DriveCommand taken; a reset waits until it was heard
  std::uint32_t axes;
  std::uint32_t status;  // DriveStatus bits
  std::uint64_t watchdog_trips;
  double dilation;  // wall time / simulated time since start; 1 on a real robot
  double battery;   // 0..1
  AxisVector position;
  AxisVector velocity;
  AxisVector torque;
};

// rt_control -> all, ten times a second. Bucket i counts durations in [2^(i/4), 2^((i+1)/4)) us; bucket 0 also all
// below.
struct Statistics {
  std::uint64_t cycles;
  std::uint64_t deadline_misses;
  std::uint64_t skipped_cycles;
  std::int64_t wake_latency_max_ns;
  std::int64_t compute_max_ns;
  std::array<std::uint32_t, kHistogramBuckets> wake_latency;
  std::array<std::uint32_t, kHistogramBuckets> compute;
  std::array<std::uint32_t, kHistogramBuckets> command_latency;  // from due until the drives were told
  StageTimes stage_max;
  std::uint64_t late_wake_up;  // cycles after which others were skipped, by the stage that took longest
  std::uint64_t late_read;
  std::uint64_t late_decide;
  std::uint64_t late_write_drives;
  std::uint64_t late_write_state;
  std::uint64_t minor_faults;  // pages that the loop had to wait for; counted when it has ended
  std::uint64_t major_faults;
  std::uint64_t ended;  // 1: the loop has ended, and the faults were counted
};

// In front of the pixels of one camera image in its `frame` ring.
struct FrameHeader {
  std::uint64_t number;
  std::int64_t stamp_ns;  // when the world looked like this
  std::uint32_t width;
  std::uint32_t height;
  std::uint32_t has_depth;  // 1: a float32 depth image (m, along the optical axis, 0 = no return) follows the RGB
  std::uint32_t reserved;
  double fx, fy, cx, cy;                  // px
  std::array<double, 3> position_base;    // of the optical centre, m
  std::array<double, 4> quaternion_base;  // base_from_camera; camera: x right, y down, z forward
};

template <typename Message>
concept SharedMessage =
    std::is_trivially_copyable_v<Message> && std::is_standard_layout_v<Message> && (sizeof(Message) % 8 == 0);

static_assert(SharedMessage<Command> && SharedMessage<Constraints> && SharedMessage<Heartbeat> &&
              SharedMessage<Request>);
static_assert(SharedMessage<State> && SharedMessage<Event> && SharedMessage<DriveCommand> && SharedMessage<DriveState>);
static_assert(SharedMessage<StageTimes> && SharedMessage<Lateness>);
static_assert(SharedMessage<Statistics> && SharedMessage<FrameHeader>);
static_assert(sizeof(State) <= 2048, "the CRC and the copy of a state are paid a thousand times a second");

}  // namespace dynamical::rt
