// The fields of every message, once: the layout hash and the Python bindings are both made from these lists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "rt_control/messages.hpp"

namespace dynamical::rt {

template <typename Owner, typename Member>
struct Field {
  const char* name;
  Member Owner::* member;
  std::size_t offset;
};

template <typename Owner, typename Member>
consteval Field<Owner, Member> field(const char* name, Member Owner::* member, std::size_t offset) {
  return {name, member, offset};
}

// Specialised for each message: `list` is a tuple of Field, in the order of the struct.
template <typename Message>
struct Fields;

#define RT_FIELD(owner, name) field(#name, &owner::name, offsetof(owner, name))

template <>
struct Fields<Command> {
  static constexpr auto list =
      std::tuple{RT_FIELD(Command, epoch),          RT_FIELD(Command, command_id), RT_FIELD(Command, source),
                 RT_FIELD(Command, kind),           RT_FIELD(Command, skill),      RT_FIELD(Command, axes),
                 RT_FIELD(Command, observation_ns), RT_FIELD(Command, start_ns),   RT_FIELD(Command, spacing_ns),
                 RT_FIELD(Command, end_ns),         RT_FIELD(Command, count),      RT_FIELD(Command, reserved),
                 RT_FIELD(Command, position)};
};

template <>
struct Fields<Constraints> {
  static constexpr auto list =
      std::tuple{RT_FIELD(Constraints, source),       RT_FIELD(Constraints, reserved),
                 RT_FIELD(Constraints, stamp_ns),     RT_FIELD(Constraints, speed_scale),
                 RT_FIELD(Constraints, margin_scale), RT_FIELD(Constraints, person_distance_m)};
};

template <>
struct Fields<Heartbeat> {
  static constexpr auto list =
      std::tuple{RT_FIELD(Heartbeat, source),     RT_FIELD(Heartbeat, state), RT_FIELD(Heartbeat, pid),
                 RT_FIELD(Heartbeat, stamp_ns),   RT_FIELD(Heartbeat, count), RT_FIELD(Heartbeat, rate_hz),
                 RT_FIELD(Heartbeat, busy_ratio), RT_FIELD(Heartbeat, missed)};
};

template <>
struct Fields<Request> {
  static constexpr auto list =
      std::tuple{RT_FIELD(Request, kind),  RT_FIELD(Request, origin), RT_FIELD(Request, source),
                 RT_FIELD(Request, skill), RT_FIELD(Request, epoch),  RT_FIELD(Request, stamp_ns)};
};

template <>
struct Fields<Intervention> {
  static constexpr auto list =
      std::tuple{RT_FIELD(Intervention, constraint), RT_FIELD(Intervention, axis),     RT_FIELD(Intervention, margin),
                 RT_FIELD(Intervention, requested),  RT_FIELD(Intervention, admitted), RT_FIELD(Intervention, cycle)};
};

template <>
struct Fields<StopCause> {
  static constexpr auto list =
      std::tuple{RT_FIELD(StopCause, fault),  RT_FIELD(StopCause, stop),  RT_FIELD(StopCause, axis),
                 RT_FIELD(StopCause, source), RT_FIELD(StopCause, cycle), RT_FIELD(StopCause, stamp_ns),
                 RT_FIELD(StopCause, value),  RT_FIELD(StopCause, limit)};
};

template <>
struct Fields<StageTimes> {
  static constexpr auto list =
      std::tuple{RT_FIELD(StageTimes, wake_up_ns), RT_FIELD(StageTimes, read_ns), RT_FIELD(StageTimes, decide_ns),
                 RT_FIELD(StageTimes, write_drives_ns), RT_FIELD(StageTimes, write_state_ns)};
};

template <>
struct Fields<Lateness> {
  static constexpr auto list = std::tuple{RT_FIELD(Lateness, stage), RT_FIELD(Lateness, reserved),
                                          RT_FIELD(Lateness, cycle), RT_FIELD(Lateness, skipped_ns)};
};

template <>
struct Fields<State> {
  static constexpr auto list = std::tuple{RT_FIELD(State, cycle),
                                          RT_FIELD(State, stamp_ns),
                                          RT_FIELD(State, generation),
                                          RT_FIELD(State, axes),
                                          RT_FIELD(State, execution),
                                          RT_FIELD(State, stop),
                                          RT_FIELD(State, latched),
                                          RT_FIELD(State, first_cause),
                                          RT_FIELD(State, last_cause),
                                          RT_FIELD(State, authority),
                                          RT_FIELD(State, skill),
                                          RT_FIELD(State, epoch),
                                          RT_FIELD(State, epoch_highest),
                                          RT_FIELD(State, command_id),
                                          RT_FIELD(State, command_end_ns),
                                          RT_FIELD(State, trajectory_ns),
                                          RT_FIELD(State, position),
                                          RT_FIELD(State, velocity),
                                          RT_FIELD(State, torque),
                                          RT_FIELD(State, position_reference),
                                          RT_FIELD(State, velocity_reference),
                                          RT_FIELD(State, acceleration_reference),
                                          RT_FIELD(State, tcp_position_base),
                                          RT_FIELD(State, tcp_quaternion_base),
                                          RT_FIELD(State, tcp_speed_mps),
                                          RT_FIELD(State, speed_scale),
                                          RT_FIELD(State, margin_scale),
                                          RT_FIELD(State, person_distance_m),
                                          RT_FIELD(State, battery),
                                          RT_FIELD(State, stale_constraints),
                                          RT_FIELD(State, drive_status),
                                          RT_FIELD(State, intervention),
                                          RT_FIELD(State, interventions),
                                          RT_FIELD(State, refusal),
                                          RT_FIELD(State, refused_source),
                                          RT_FIELD(State, refused_id),
                                          RT_FIELD(State, refused),
                                          RT_FIELD(State, events),
                                          RT_FIELD(State, events_lost),
                                          RT_FIELD(State, requests_lost),
                                          RT_FIELD(State, deadline_misses),
                                          RT_FIELD(State, skipped_cycles),
                                          RT_FIELD(State, wake_latency_ns),
                                          RT_FIELD(State, compute_ns),
                                          RT_FIELD(State, stages),
                                          RT_FIELD(State, lateness),
                                          RT_FIELD(State, agent_age_s),
                                          RT_FIELD(State, realtime),
                                          RT_FIELD(State, ended)};
};

template <>
struct Fields<Event> {
  static constexpr auto list =
      std::tuple{RT_FIELD(Event, kind),      RT_FIELD(Event, code),     RT_FIELD(Event, axis),
                 RT_FIELD(Event, source),    RT_FIELD(Event, cycle),    RT_FIELD(Event, stamp_ns),
                 RT_FIELD(Event, requested), RT_FIELD(Event, admitted), RT_FIELD(Event, limit)};
};

template <>
struct Fields<DriveCommand> {
  static constexpr auto list = std::tuple{
      RT_FIELD(DriveCommand, cycle),    RT_FIELD(DriveCommand, generation), RT_FIELD(DriveCommand, stamp_ns),
      RT_FIELD(DriveCommand, axes),     RT_FIELD(DriveCommand, enable),     RT_FIELD(DriveCommand, clear_fault),
      RT_FIELD(DriveCommand, reserved), RT_FIELD(DriveCommand, position),   RT_FIELD(DriveCommand, velocity)};
};

template <>
struct Fields<DriveState> {
  static constexpr auto list = std::tuple{
      RT_FIELD(DriveState, cycle),          RT_FIELD(DriveState, stamp_ns), RT_FIELD(DriveState, accepted_generation),
      RT_FIELD(DriveState, accepted_cycle), RT_FIELD(DriveState, axes),     RT_FIELD(DriveState, status),
      RT_FIELD(DriveState, watchdog_trips), RT_FIELD(DriveState, dilation), RT_FIELD(DriveState, battery),
      RT_FIELD(DriveState, position),       RT_FIELD(DriveState, velocity), RT_FIELD(DriveState, torque)};
};

template <>
struct Fields<Statistics> {
  static constexpr auto list = std::tuple{RT_FIELD(Statistics, cycles),
                                          RT_FIELD(Statistics, deadline_misses),
                                          RT_FIELD(Statistics, skipped_cycles),
                                          RT_FIELD(Statistics, wake_latency_max_ns),
                                          RT_FIELD(Statistics, compute_max_ns),
                                          RT_FIELD(Statistics, wake_latency),
                                          RT_FIELD(Statistics, compute),
                                          RT_FIELD(Statistics, command_latency),
                                          RT_FIELD(Statistics, stage_max),
                                          RT_FIELD(Statistics, late_wake_up),
                                          RT_FIELD(Statistics, late_read),
                                          RT_FIELD(Statistics, late_decide),
                                          RT_FIELD(Statistics, late_write_drives),
                                          RT_FIELD(Statistics, late_write_state),
                                          RT_FIELD(Statistics, minor_faults),
                                          RT_FIELD(Statistics, major_faults),
                                          RT_FIELD(Statistics, ended)};
};

template <>
struct Fields<FrameHeader> {
  static constexpr auto list = std::tuple{RT_FIELD(FrameHeader, number),
                                          RT_FIELD(FrameHeader, stamp_ns),
                                          RT_FIELD(FrameHeader, width),
                                          RT_FIELD(FrameHeader, height),
                                          RT_FIELD(FrameHeader, has_depth),
                                          RT_FIELD(FrameHeader, reserved),
                                          RT_FIELD(FrameHeader, fx),
                                          RT_FIELD(FrameHeader, fy),
                                          RT_FIELD(FrameHeader, cx),
                                          RT_FIELD(FrameHeader, cy),
                                          RT_FIELD(FrameHeader, position_base),
                                          RT_FIELD(FrameHeader, quaternion_base)};
};

#undef RT_FIELD

// Every byte belongs to a listed field: nothing is forgotten above, and there is no padding to leak or to compare.
template <typename Message>
consteval bool every_byte_is_listed() {
  std::size_t next = 0;
  bool dense = true;
  std::apply(
      [&]<typename... Member>(const Field<Message, Member>&... item) {
        ((dense = dense && item.offset == next, next += sizeof(Member)), ...);
      },
      Fields<Message>::list);
  return dense && next == sizeof(Message);
}

// FNV-1a over name, offset and size of each field.
class LayoutHash {
 public:
  constexpr void add(std::uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) {
      value_ = (value_ ^ ((value >> (8 * byte)) & 0xffU)) * 0x100000001b3U;
    }
  }

  template <typename Message>
  constexpr void add_message() {
    static_assert(every_byte_is_listed<Message>());
    std::apply([&]<typename... Member>(
                   const Field<Message, Member>&... item) { (add_field(item.name, item.offset, sizeof(Member)), ...); },
               Fields<Message>::list);
  }

  constexpr std::uint64_t value() const { return value_; }

 private:
  constexpr void add_field(std::string_view name, std::size_t offset, std::size_t size) {
    for (const char letter : name) {
      add(static_cast<unsigned char>(letter));
    }
    add(offset);
    add(size);
  }

  std::uint64_t value_ = 0xcbf29ce484222325U;
};

consteval std::uint64_t layout_hash() {
  LayoutHash hash;
  hash.add_message<Command>();
  hash.add_message<Constraints>();
  hash.add_message<Heartbeat>();
  hash.add_message<Request>();
  hash.add_message<Intervention>();
  hash.add_message<StopCause>();
  hash.add_message<StageTimes>();
  hash.add_message<Lateness>();
  hash.add_message<State>();
  hash.add_message<Event>();
  hash.add_message<DriveCommand>();
  hash.add_message<DriveState>();
  hash.add_message<Statistics>();
  hash.add_message<FrameHeader>();
  return hash.value();
}

inline constexpr std::uint64_t kLayoutHash = layout_hash();

}  // namespace dynamical::rt
