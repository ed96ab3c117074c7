// The last seconds of every cycle in a file that outlives the process: what was read, decided and told, and how long it
// took.
//
// A ring of records in shared memory. Each carries a sequence and a checksum over all of it: a record that a killed
// writer left half written is seen as such, and costs nothing but itself. Kept small by single precision.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rt_control/controller.hpp"
#include "rt_control/fields.hpp"

namespace dynamical::rt {

inline constexpr std::uint64_t kBlackBoxMagic = 0x58424b434c423130U;  // "01BLCKBX"
inline constexpr std::uint64_t kBlackBoxRecords = 12'288;             // 12 s at 1 kHz

using ShortVector = std::array<float, kMaxAxes>;

// A cause of a stop, as in StopCause.
struct BlackBoxCause {
  std::uint8_t fault;
  std::uint8_t stop;
  std::int8_t axis;
  std::uint8_t source;
  std::uint32_t reserved;
  std::uint64_t cycle;
  double value;
  double limit;
};

// One cycle. What has the name of a field of State or DriveCommand is that field.
struct BlackBoxRecord {
  std::uint64_t sequence;  // of the ring, from 1; goes on when rt_control starts again
  std::uint64_t generation;
  std::uint64_t cycle;
  std::int64_t due_ns;
  std::uint32_t wake_up_ns;  // of this cycle; 2^32 - 1 ns is that or more
  std::uint32_t read_ns;
  std::uint32_t decide_ns;
  std::uint32_t write_drives_ns;
  std::uint32_t write_state_ns;
  std::int32_t forbidden_call;
  std::uint8_t execution;
  std::uint8_t stop;
  std::uint8_t latched;
  std::uint8_t authority;
  std::uint8_t axes;
  std::uint8_t refusal;
  std::uint8_t refused_source;
  std::uint8_t constraint;
  std::uint32_t skill;
  std::int32_t intervention_axis;
  std::uint64_t epoch;
  std::uint64_t command_id;
  BlackBoxCause first_cause;
  BlackBoxCause last_cause;
  std::uint64_t refused;
  std::uint64_t interventions;
  double margin;  // of the last intervention
  double requested;
  double admitted;
  std::uint32_t drive_status;
  std::uint32_t drive_enable;
  std::uint32_t realtime;
  std::uint32_t stale_constraints;
  float person_distance_m;
  float speed_scale;
  float margin_scale;
  float tcp_speed_mps;
  std::uint64_t deadline_misses;
  std::uint64_t skipped_cycles;
  std::uint32_t late_stage;  // State::lateness
  std::uint32_t crc;         // over all the rest, this field as 0
  std::uint64_t late_cycle;
  ShortVector position_reference;
  ShortVector position;
  ShortVector velocity;
  ShortVector torque;
};

static_assert(sizeof(BlackBoxRecord) == 512, "small, and no record crosses a page");

#define RT_FIELD(name) field(#name, &BlackBoxCause::name, offsetof(BlackBoxCause, name))

template <>
struct Fields<BlackBoxCause> {
  static constexpr auto list = std::tuple{RT_FIELD(fault),    RT_FIELD(stop),  RT_FIELD(axis),  RT_FIELD(source),
                                          RT_FIELD(reserved), RT_FIELD(cycle), RT_FIELD(value), RT_FIELD(limit)};
};

#undef RT_FIELD
#define RT_FIELD(name) field(#name, &BlackBoxRecord::name, offsetof(BlackBoxRecord, name))

template <>
struct Fields<BlackBoxRecord> {
  static constexpr auto list = std::tuple{RT_FIELD(sequence),
                                          RT_FIELD(generation),
                                          RT_FIELD(cycle),
                                          RT_FIELD(due_ns),
                                          RT_FIELD(wake_up_ns),
                                          RT_FIELD(read_ns),
                                          RT_FIELD(decide_ns),
                                          RT_FIELD(write_drives_ns),
                                          RT_FIELD(write_state_ns),
                                          RT_FIELD(forbidden_call),
                                          RT_FIELD(execution),
                                          RT_FIELD(stop),
                                          RT_FIELD(latched),
                                          RT_FIELD(authority),
                                          RT_FIELD(axes),
                                          RT_FIELD(refusal),
                                          RT_FIELD(refused_source),
                                          RT_FIELD(constraint),
                                          RT_FIELD(skill),
                                          RT_FIELD(intervention_axis),
                                          RT_FIELD(epoch),
                                          RT_FIELD(command_id),
                                          RT_FIELD(first_cause),
                                          RT_FIELD(last_cause),
                                          RT_FIELD(refused),
                                          RT_FIELD(interventions),
                                          RT_FIELD(margin),
                                          RT_FIELD(requested),
                                          RT_FIELD(admitted),
                                          RT_FIELD(drive_status),
                                          RT_FIELD(drive_enable),
                                          RT_FIELD(realtime),
                                          RT_FIELD(stale_constraints),
                                          RT_FIELD(person_distance_m),
                                          RT_FIELD(speed_scale),
                                          RT_FIELD(margin_scale),
                                          RT_FIELD(tcp_speed_mps),
                                          RT_FIELD(deadline_misses),
                                          RT_FIELD(skipped_cycles),
                                          RT_FIELD(late_stage),
                                          RT_FIELD(crc),
                                          RT_FIELD(late_cycle),
                                          RT_FIELD(position_reference),
                                          RT_FIELD(position),
                                          RT_FIELD(velocity),
                                          RT_FIELD(torque)};
};

#undef RT_FIELD

consteval std::uint64_t black_box_hash() {
  LayoutHash hash;
  hash.add_message<BlackBoxCause>();
  hash.add_message<BlackBoxRecord>();
  return hash.value();
}

// In front of the records; a page long, so that they are aligned.
struct BlackBoxHeader {
  std::uint64_t magic;
  std::uint64_t layout_hash;
  std::uint64_t records;
  std::uint64_t record_bytes;
};

inline constexpr std::size_t kBlackBoxFirstRecord = 4096;

// What this cycle leaves; `sequence` and `crc` are the ring's to fill.
[[nodiscard]] BlackBoxRecord record_of(const Inputs& inputs, const Outputs& outputs, const StageTimes& times) noexcept;

class BlackBox {
 public:
  // Opens the file, or makes it: every page of it is there from then on. Goes on behind the newest whole record.
  // Throws ChannelFault.
  explicit BlackBox(const std::string& path);
  ~BlackBox();
  BlackBox(const BlackBox&) = delete;
  BlackBox& operator=(const BlackBox&) = delete;

  void write(BlackBoxRecord record) noexcept;

 private:
  std::span<BlackBoxRecord> records_;
  void* data_ = nullptr;
  std::uint64_t sequence_ = 0;
};

struct BlackBoxContent {
  std::vector<BlackBoxRecord> records;  // by sequence
  std::uint64_t torn = 0;               // records that are not as they were written
};

// Also while it is being written. Throws ChannelFault.
[[nodiscard]] BlackBoxContent read_black_box(const std::string& path);

}  // namespace dynamical::rt
