// The two queues: requests (each one is taken once) and events (each reader sees them all).
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "rt_control/channel.hpp"

namespace dynamical::rt {

// Bounded, first in first out. One side pops; the pushing side may be several short-lived processes, which exclude
// each other by a lock on the file that the popping side never takes.
class RequestQueue {
 public:
  // Throws ChannelFault.
  explicit RequestQueue(const std::string& path);

  // False, and counted in `dropped`: the queue is full, or another process has held the lock for 100 ms. Not for the
  // real-time thread.
  [[nodiscard]] bool push(const Request& request) noexcept;

  enum class Popped : std::uint8_t { request, none, corrupt };
  // `corrupt`: an item, or the indices, were not what a push leaves; they are skipped. What was taken once is never
  // taken again by the same object, whatever the indices say.
  [[nodiscard]] Popped pop(Request& request) noexcept;

  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  [[nodiscard]] Popped resume(std::uint64_t pushed, std::uint64_t popped) noexcept;
  [[nodiscard]] Popped count_on_from_here(std::uint64_t pushed, std::uint64_t popped) noexcept;

  Mapping mapping_;
  std::mutex within_process_;  // flock does not exclude two threads that share a descriptor
  std::uint64_t next_ = 0;     // index of the item that is taken next; only `pop` uses it
};

class EventWriter {
 public:
  // Throws ChannelFault.
  explicit EventWriter(const std::string& path) : writer_(path, ChannelKind::events) {}
  [[nodiscard]] bool push(const Event& event, std::int64_t stamp_ns) noexcept;

 private:
  LatestWriter writer_;
};

// A cursor of its own in the ring of events.
class EventReader {
 public:
  // `from_start`: begins with the oldest event that the ring holds, otherwise with the next one. Throws ChannelFault.
  explicit EventReader(const std::string& path, bool from_start = false);

  // The next event, if there is one; adds to `lost` those that were overwritten before they were read.
  [[nodiscard]] bool read(Event& event, std::uint64_t& lost) noexcept;

 private:
  LatestReader reader_;
  std::uint64_t next_ = 1;
};

}  // namespace dynamical::rt
