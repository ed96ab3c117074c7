// The channels of one run directory, as the real-time loop uses them.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "rt_control/channel.hpp"
#include "rt_control/controller.hpp"
#include "rt_control/queue.hpp"

namespace dynamical::rt {

class Connections {
 public:
  // Attaches to every channel. Throws ChannelFault.
  explicit Connections(const std::string& run_directory);

  // Last state of the rt_control before this one, if there was one.
  [[nodiscard]] const State* previous() const noexcept { return previous_ ? &*previous_ : nullptr; }
  [[nodiscard]] std::uint64_t generation() const noexcept { return state_.generation(); }

  // Everything that is new since the last call. The result points into this object until the next call.
  void read(Inputs& inputs) noexcept;

  // False: something could not be written, another rt_control has taken over.
  [[nodiscard]] bool write_drives(const Outputs& outputs) noexcept;
  [[nodiscard]] bool write_state(const Outputs& outputs) noexcept;
  [[nodiscard]] bool write_statistics(const Statistics& statistics, std::int64_t now_ns) noexcept;

 private:
  template <typename Message, ChannelKind kind>
  struct Latest {
    explicit Latest(const std::string& path) : reader(path) {}
    Reader<Message, kind> reader;
    std::uint64_t word = 0;  // of the message read last
    Message message{};
  };

  static constexpr std::size_t kRequestsPerCycle = 16;

  template <typename Message, ChannelKind kind>
  [[nodiscard]] static ReadResult read_new(Latest<Message, kind>& channel) noexcept;
  void read_requests(RequestQueue& queue, Source origin) noexcept;
  void drop_old_requests(RequestQueue& queue, Source origin) noexcept;
  [[nodiscard]] std::uint64_t requests_refused() const noexcept;

  std::optional<State> previous_;  // read before `state_` attaches
  Writer<State, ChannelKind::state> state_;
  Writer<Statistics, ChannelKind::statistics> statistics_;
  Writer<DriveCommand, ChannelKind::drive_command> drive_command_;
  EventWriter events_;
  Latest<DriveState, ChannelKind::drive_state> drive_state_;
  Latest<Heartbeat, ChannelKind::heartbeat> agent_heartbeat_;
  std::array<std::optional<Latest<Command, ChannelKind::command>>, kMaxSources> command_;
  std::array<std::optional<Latest<Constraints, ChannelKind::constraints>>, kMaxSources> constraints_;
  RequestQueue agent_requests_;
  RequestQueue operator_requests_;
  std::array<Request, 2 * kRequestsPerCycle + 2> requests_{};
  std::size_t request_count_ = 0;
  std::uint64_t requests_corrupt_ = 0;
  std::uint64_t requests_refused_before_ = 0;  // by the queues, before this rt_control began
};

}  // namespace dynamical::rt
