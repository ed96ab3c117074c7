// A channel's file in memory: creation, and opening with every number of the header checked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "rt_control/fields.hpp"

namespace dynamical::rt {

enum class ChannelKind : std::uint32_t {
  none = 0,
  state = 1,
  statistics = 2,
  command = 3,
  constraints = 4,
  heartbeat = 5,
  drive_command = 6,
  drive_state = 7,
  requests = 8,
  events = 9,
  frame = 10,
  bytes = 11,
};

[[nodiscard]] const char* name_of(ChannelKind kind) noexcept;

// A channel cannot be made or opened; the text says what was found, what was expected, and the mend.
class ChannelFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr std::uint64_t kChannelMagic = 0x4c4d434e59443031U;  // "10DYNCML"
inline constexpr std::size_t kCacheLine = 64;

// At the start of every channel file. The three counters have a cache line each: two processes write them.
struct ChannelHeader {
  std::uint64_t magic;
  std::uint32_t layout_version;
  ChannelKind kind;
  std::uint64_t layout_hash;
  std::uint64_t slots;
  std::uint64_t slot_bytes;     // from one slot to the next
  std::uint64_t payload_bytes;  // most that a slot holds
  std::uint64_t file_bytes;
  std::uint64_t reserved;
  // Ring: generation << 40 | sequence of the newest message, so that one compare-and-swap publishes and fences.
  // Queue: items pushed since creation.
  alignas(kCacheLine) std::uint64_t newest;
  alignas(kCacheLine) std::uint64_t popped;   // queue only
  alignas(kCacheLine) std::uint64_t dropped;  // queue only: pushes that were refused
};

static_assert(sizeof(ChannelHeader) == 4 * kCacheLine);

// In front of each slot's payload.
struct SlotHeader {
  std::uint64_t word;  // generation << 40 | sequence; 0 while it is being written
  std::int64_t stamp_ns;
  std::uint32_t size;  // of the payload in use
  std::uint32_t crc;   // over word, stamp, size and payload
  std::uint64_t reserved;
};

static_assert(sizeof(SlotHeader) == 32);

struct ChannelShape {
  ChannelKind kind;
  std::uint64_t slots;
  std::uint64_t payload_bytes;
};

[[nodiscard]] ChannelShape shape_of(ChannelKind kind, std::uint64_t payload_bytes = 0) noexcept;

enum class Access : std::uint8_t { read_only, read_write };

// A mapped channel file; unmapped when it goes.
class Mapping {
 public:
  // Makes the file, 0600, all of it backed by memory. Throws ChannelFault if it exists or there is no room.
  static void create(const std::string& path, const ChannelShape& shape);

  // Throws ChannelFault unless every number in the header is what this build expects. `frame` and `bytes` channels
  // take their payload size from the file.
  Mapping(const std::string& path, ChannelKind kind, Access access);

  ~Mapping();
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  [[nodiscard]] std::byte* slot(std::uint64_t index) const noexcept;
  [[nodiscard]] std::uint64_t& newest() const noexcept { return header().newest; }
  [[nodiscard]] std::uint64_t& popped() const noexcept { return header().popped; }
  [[nodiscard]] std::uint64_t& dropped() const noexcept { return header().dropped; }
  [[nodiscard]] std::uint64_t payload_bytes() const noexcept { return payload_bytes_; }
  [[nodiscard]] std::uint64_t slots() const noexcept { return slots_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  [[nodiscard]] ChannelHeader& header() const noexcept { return *reinterpret_cast<ChannelHeader*>(data_); }
  void release() noexcept;

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  // Copies of what was checked at opening: the file's own numbers may be overwritten by anyone who can write it.
  std::uint64_t slots_ = 0;
  std::uint64_t slot_bytes_ = 0;
  std::uint64_t payload_bytes_ = 0;
  int descriptor_ = -1;
};

}  // namespace dynamical::rt
