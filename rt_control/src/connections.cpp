#include "connections.hpp"

#include <unistd.h>

namespace dynamical::rt {
namespace {

struct NamedSource {
  Source source;
  const char* name;
};

constexpr std::array kCommandSources{NamedSource{Source::agent, "agent"}, NamedSource{Source::policy, "policy"},
                                     NamedSource{Source::fallback, "fallback"}, NamedSource{Source::jog, "jog"},
                                     NamedSource{Source::ros, "ros"}};
constexpr std::array kConstraintSources{
    NamedSource{Source::agent, "agent"}, NamedSource{Source::perception, "perception"},
    NamedSource{Source::fallback, "fallback"}, NamedSource{Source::safety_model, "safety_model"}};

// No rt_control grants more epochs than this many bits count.
constexpr std::uint64_t kEpochBits = 32;

std::optional<State> read_previous(const std::string& path) {
  const Reader<State, ChannelKind::state> reader(path);
  State state{};
  ReadInfo info;
  const ReadResult result = reader.read(state, info);
  if (result == ReadResult::ok) {
    return state;
  }
  if (result == ReadResult::empty) {
    return std::nullopt;
  }
  // What cannot be read was written by somebody: it counts as one that did not end cleanly. Which epochs it granted is
  // lost, so they go on where none before can have come; that rises with each rt_control.
  State unknown{};
  unknown.epoch_highest = (generation_of(reader.newest_word()) + 1) << kEpochBits;
  return unknown;
}

template <typename Channels>
void open_present(Channels& channels, const std::string& prefix, std::span<const NamedSource> sources) {
  for (const NamedSource& item : sources) {
    const std::string path = prefix + item.name;
    if (access(path.c_str(), F_OK) == 0) {
      channels[static_cast<std::size_t>(item.source)].emplace(path);
    }
  }
}

}  // namespace

Connections::Connections(const std::string& run_directory)
    : previous_(read_previous(run_directory + "/state")),
      state_(run_directory + "/state"),
      statistics_(run_directory + "/statistics"),
      drive_command_(run_directory + "/drive.command"),
      events_(run_directory + "/events"),
      drive_state_(run_directory + "/drive.state"),
      agent_heartbeat_(run_directory + "/heartbeat.agent"),
      agent_requests_(run_directory + "/requests.agent"),
      operator_requests_(run_directory + "/requests.operator") {
  open_present(command_, run_directory + "/command.", kCommandSources);
  open_present(constraints_, run_directory + "/constraints.", kConstraintSources);
  // What was written for the rt_control before is not news.
  const auto skip = [](auto& channel) { channel.word = channel.reader.newest_word(); };
  for (std::size_t source = 0; source < kMaxSources; ++source) {
    if (auto& channel = command_[source]) {
      skip(*channel);
    }
    if (auto& channel = constraints_[source]) {
      skip(*channel);
    }
  }
  skip(agent_heartbeat_);
  drop_old_requests(agent_requests_, Source::agent);
  drop_old_requests(operator_requests_, Source::operator_);
  requests_refused_before_ = requests_refused();
}

std::uint64_t Connections::requests_refused() const noexcept {
  return agent_requests_.dropped() + operator_requests_.dropped();
}

// A grant or a reset was meant for the rt_control that the sender saw; a stop holds for whoever comes.
void Connections::drop_old_requests(RequestQueue& queue, Source origin) noexcept {
  Request request{};
  RequestQueue::Popped popped = RequestQueue::Popped::none;
  std::optional<Request> stop;
  while ((popped = queue.pop(request)) != RequestQueue::Popped::none) {
    requests_corrupt_ += popped == RequestQueue::Popped::corrupt ? 1 : 0;
    const bool stops = request.kind == RequestKind::stop || request.kind == RequestKind::safe_torque_off;
    if (popped == RequestQueue::Popped::request && stops) {
      stop = request;
    }
  }
  if (stop) {
    stop->origin = origin;
    requests_[request_count_++] = *stop;
  }
}

template <typename Message, ChannelKind kind>
ReadResult Connections::read_new(Latest<Message, kind>& channel) noexcept {
  const std::uint64_t word = channel.reader.newest_word();
  if (word == channel.word) {
    return ReadResult::empty;
  }
  ReadInfo info;
  const ReadResult result = channel.reader.read(channel.message, info);
  // A torn read is tried again in the next cycle; anything else has been seen.
  channel.word = result == ReadResult::torn ? channel.word : word;
  return result;
}

void Connections::read(Inputs& inputs) noexcept {
  inputs.drive_state = read_new(drive_state_) == ReadResult::ok ? &drive_state_.message : nullptr;
  inputs.agent_heartbeat = read_new(agent_heartbeat_) == ReadResult::ok ? &agent_heartbeat_.message : nullptr;
  inputs.command = {};
  inputs.corrupt_commands = 0;
  inputs.constraints = {};
  for (std::size_t source = 0; source < kMaxSources; ++source) {
    if (auto& channel = command_[source]) {
      const ReadResult result = read_new(*channel);
      if (result == ReadResult::ok) {
        inputs.command[source] = &channel->message;
      } else if (result == ReadResult::crc || result == ReadResult::malformed) {
        inputs.corrupt_commands |= 1U << source;
      }
    }
    if (auto& channel = constraints_[source]) {
      // What names another source than its ring is not heard: the ring decides who speaks.
      if (read_new(*channel) == ReadResult::ok && channel->message.source == static_cast<Source>(source)) {
        inputs.constraints[source] = &channel->message;
      }
    }
  }
  read_requests(operator_requests_, Source::operator_);
  read_requests(agent_requests_, Source::agent);
  inputs.requests = std::span(requests_).first(request_count_);
  request_count_ = 0;
  inputs.requests_lost = requests_corrupt_ + (requests_refused() - requests_refused_before_);
}

void Connections::read_requests(RequestQueue& queue, Source origin) noexcept {
  for (std::size_t taken = 0; taken < kRequestsPerCycle; ++taken) {
    Request& request = requests_[request_count_];
    const RequestQueue::Popped popped = queue.pop(request);
    if (popped == RequestQueue::Popped::none) {
      return;
    }
    if (popped == RequestQueue::Popped::request) {
      request.origin = origin;  // the queue decides who asked
      ++request_count_;
    } else {
      ++requests_corrupt_;
    }
  }
}

bool Connections::write_drives(const Outputs& outputs) noexcept {
  return drive_command_.write(outputs.drive_command, outputs.drive_command.stamp_ns);
}

bool Connections::write_state(const Outputs& outputs) noexcept {
  bool written = state_.write(outputs.state, outputs.state.stamp_ns);
  for (std::size_t index = 0; index < outputs.event_count; ++index) {
    written = events_.push(outputs.events[index], outputs.state.stamp_ns) && written;
  }
  return written;
}

bool Connections::write_statistics(const Statistics& statistics, std::int64_t now_ns) noexcept {
  return statistics_.write(statistics, now_ns);
}

}  // namespace dynamical::rt
