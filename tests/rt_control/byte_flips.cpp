// Flips bytes of channel files, anywhere in them, under a running controller. Prints what it did as `name=count` words;
// ends with 1 if anything came out as whole that nobody wrote, a request came twice, or the drives were told to leave
// their limits.
//
//   byte_flips FLIPS SEED FOLDER
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "connections.hpp"

namespace dynamical::rt {
namespace {

constexpr std::size_t kRoundCycles = 500;
constexpr std::int64_t kPeriod_ns = 1'000'000;
constexpr double kPeriod_s = 1e-3;
constexpr double kRounding = 1e-9;
constexpr std::array kChannels{
    std::pair{"state", ChannelKind::state},
    std::pair{"statistics", ChannelKind::statistics},
    std::pair{"drive.command", ChannelKind::drive_command},
    std::pair{"drive.state", ChannelKind::drive_state},
    std::pair{"events", ChannelKind::events},
    std::pair{"heartbeat.agent", ChannelKind::heartbeat},
    std::pair{"requests.agent", ChannelKind::requests},
    std::pair{"requests.operator", ChannelKind::requests},
    std::pair{"command.policy", ChannelKind::command},
    std::pair{"constraints.perception", ChannelKind::constraints},
    std::pair{"bytes", ChannelKind::bytes},
};

[[noreturn]] void fail(const char* what, std::uint64_t number) {
  std::fprintf(stderr, "byte_flips: %s (%llu)\n", what, static_cast<unsigned long long>(number));
  std::exit(1);
}

// One channel's file, to flip in; what it held when it was new.
class File {
 public:
  File(const std::string& path, ChannelKind kind) : path_(path), kind_(kind) {
    unlink(path.c_str());
    Mapping::create(path, shape_of(kind, 200));
    const int descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
    struct stat status{};
    fstat(descriptor, &status);
    size_ = static_cast<std::size_t>(status.st_size);
    data_ = static_cast<std::uint8_t*>(mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
    close(descriptor);
    fresh_.assign(data_, data_ + size_);
  }
  ~File() {
    munmap(data_, size_);
    unlink(path_.c_str());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void restore() { std::memcpy(data_, fresh_.data(), size_); }
  void flip(std::size_t at, std::uint8_t bits) { data_[at] ^= bits; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // Whether it can still be opened; what cannot is refused with a sentence.
  [[nodiscard]] bool opens() const {
    try {
      const Mapping mapping(path_, kind_, Access::read_only);
      return true;
    } catch (const ChannelFault&) {
      return false;
    }
  }

 private:
  std::string path_;
  ChannelKind kind_;
  std::size_t size_ = 0;
  std::uint8_t* data_ = nullptr;
  std::vector<std::uint8_t> fresh_;
};

// All that one side wrote in this round; the number of a message is its index.
template <typename Message>
class Written {
 public:
  void clear() { messages_.clear(); }
  [[nodiscard]] std::uint64_t next() const { return messages_.size(); }
  void add(const Message& message) { messages_.push_back(message); }
  void expect(const char* channel, const Message& found, std::uint64_t number) const {
    if (number >= messages_.size() || std::memcmp(&found, &messages_[number], sizeof(Message)) != 0) {
      fail(channel, number);
    }
  }

 private:
  std::vector<Message> messages_;
};

RobotModel make_model() {
  RobotModel model = default_model();
  model.axes = 8;
  model.arm_axes = 7;
  model.simulated = 1;
  for (std::size_t axis = 0; axis < model.axes; ++axis) {
    model.lower[axis] = -2;
    model.upper[axis] = 2;
    model.velocity[axis] = 2;
    model.acceleration[axis] = 10;
    model.jerk[axis] = 1000;
    model.torque[axis] = 80;
    model.position_parent[axis] = {0, 0, 0.2};
    model.mass[axis] = 1e-6;
    model.inertia[axis] = {1e-9, 1e-9, 1e-9, 0, 0, 0};
  }
  model.contact_gain_radps = 200;
  model.constraint_slots = 1;
  model.constraint_slot[0].source = Source::perception;
  return model;
}

// The processes around rt_control, each with its channel; one that lost its channel is started again.
class Robot {
 public:
  Robot(std::string folder, unsigned seed) : folder_(std::move(folder)), random_(seed), model_(make_model()) {
    for (const auto& [name, kind] : kChannels) {
      files_.push_back(std::make_unique<File>(folder_ + "/" + name, kind));
    }
  }

  void run(std::uint64_t flips) {
    while (flips_ < flips) {
      begin();
      for (std::size_t cycle = 0; cycle < kRoundCycles && flips_ < flips; ++cycle) {
        write(cycle);
        flip();
        read();
        undo();
        judge();
      }
      for (const auto& file : files_) {
        (file->opens() ? opened_ : refused_) += 1;
      }
    }
  }

  void print() const {
    std::printf(
        "flips=%zu cycles=%zu moving=%zu latched=%zu whole=%zu broken=%zu requests=%zu restarts=%zu opened=%zu "
        "refused=%zu\n",
        flips_, cycles_, moving_, latched_, whole_, broken_, requests_taken_, restarts_, opened_, refused_);
  }

 private:
  struct Flip {
    std::size_t file;
    std::size_t at;
    std::uint8_t bits;
  };

  [[nodiscard]] std::size_t draw(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  [[nodiscard]] std::string path(const char* name) const { return folder_ + "/" + name; }

  void begin() {
    for (const auto& file : files_) {
      file->restore();
    }
    drives_written_.clear();
    beats_written_.clear();
    commands_written_.clear();
    constraints_written_.clear();
    bytes_written_.clear();
    states_written_.clear();
    requests_written_.clear();
    taken_.clear();
    was_enabled_ = false;
    drive_ = {};
    outputs_ = {};
    connections_ = std::make_unique<Connections>(folder_);
    drive_writer_.emplace(path("drive.state"));
    beat_writer_.emplace(path("heartbeat.agent"));
    command_writer_.emplace(path("command.policy"));
    constraints_writer_.emplace(path("constraints.perception"));
    bytes_writer_.emplace(path("bytes"), ChannelKind::bytes);
    agent_.emplace(path("requests.agent"));
    operator_.emplace(path("requests.operator"));
    state_reader_.emplace(path("state"));
    bytes_reader_.emplace(path("bytes"), ChannelKind::bytes);
    event_reader_.emplace(path("events"));
    controller_.emplace(model_, Start{connections_->generation(), connections_->previous()});
  }

  // A writer whose channel is not as it left it can write no more: after some cycles its process is started again.
  template <typename Channel, typename... Arguments>
  void revive(std::optional<Channel>& writer, bool written, const Arguments&... arguments) {
    if (!written && draw(4) == 0) {
      try {
        Channel next(arguments...);
        writer.emplace(std::move(next));
        ++restarts_;
      } catch (const ChannelFault&) {  // its header is broken: this round goes on without it
      }
    }
  }

  void write(std::size_t cycle) {
    now_ns_ += kPeriod_ns;
    drive_.cycle = drives_written_.next();
    drive_.stamp_ns = now_ns_;
    drive_.axes = 8;
    drive_.accepted_generation = outputs_.drive_command.generation;
    drive_.accepted_cycle = outputs_.drive_command.cycle;
    drive_.status = outputs_.drive_command.enable != 0 ? kDriveEnabled : kDriveTorqueOff;
    if (outputs_.drive_command.enable != 0) {
      drive_.position = outputs_.drive_command.position;
      drive_.velocity = outputs_.drive_command.velocity;
    } else {
      drive_.velocity = {};
    }
    drives_written_.add(drive_);
    revive(drive_writer_, drive_writer_->write(drive_, now_ns_), path("drive.state"));

    const Heartbeat beat{Source::agent, ProcessState::healthy, 1, now_ns_, beats_written_.next(), 0, 0, 0};
    beats_written_.add(beat);
    revive(beat_writer_, beat_writer_->write(beat, now_ns_), path("heartbeat.agent"));

    // The number is where the stamp has nanoseconds to spare.
    const auto number = static_cast<std::int64_t>(constraints_written_.next());
    const Constraints constraints{Source::perception, 0, now_ns_ + number, 1.0, 1.0, cycle % 100 < 5 ? 0.1 : 1.0};
    constraints_written_.add(constraints);
    revive(constraints_writer_, constraints_writer_->write(constraints, now_ns_), path("constraints.perception"));

    std::array<std::uint64_t, 20> text{};
    text.fill(bytes_written_.next());
    bytes_written_.add(text);
    const Bytes part = std::as_bytes(std::span(text));
    revive(bytes_writer_, bytes_writer_->write({&part, 1}, now_ns_), path("bytes"), ChannelKind::bytes);

    if (cycle % 20 == 5) {
      Command command{};
      command.epoch = outputs_.state.epoch;
      command.command_id = commands_written_.next();
      command.source = Source::policy;
      command.kind = CommandKind::chunk;
      command.axes = 8;
      command.observation_ns = now_ns_;
      command.start_ns = now_ns_;
      command.spacing_ns = 20'000'000;
      command.count = 8;
      command.end_ns = now_ns_ + 7 * command.spacing_ns;
      const double towards = cycle % 200 < 100 ? 1.9 : -1.9;
      for (std::size_t setpoint = 0; setpoint < 8; ++setpoint) {
        command.position[setpoint].fill(towards);
      }
      commands_written_.add(command);
      revive(command_writer_, command_writer_->write(command, now_ns_), path("command.policy"));
    }
    if (cycle % 40 == 10) {
      push(*operator_, RequestKind::reset, 0);
    }
    if (cycle % 40 == 30) {
      push(*agent_, RequestKind::grant_authority, outputs_.state.epoch_highest + 1);
    }
    if (cycle % 40 == 35) {
      push(*agent_, RequestKind::begin_skill, 0);
    }
  }

  void push(RequestQueue& queue, RequestKind kind, std::uint64_t epoch) {
    const Request request{kind, Source::none, Source::policy,
                          1,    epoch,        static_cast<std::int64_t>(requests_written_.next())};
    requests_written_.add(request);
    (void)queue.push(request);
  }

  void flip() {
    done_.clear();
    const std::size_t count = draw(2) == 0 ? 1 : 1 + draw(8);
    for (std::size_t index = 0; index < count; ++index) {
      const std::size_t file = draw(files_.size());
      // Half of them where the indices lie: there are few, and all depends on them.
      const std::size_t at = draw(2) == 0 ? draw(sizeof(ChannelHeader)) : draw(files_[file]->size());
      done_.push_back({file, at, static_cast<std::uint8_t>(1 + draw(255))});
      files_[file]->flip(at, done_.back().bits);
      ++flips_;
    }
  }

  // Most are mended, or nothing would ever run; the others stay until the round is over.
  void undo() {
    for (const Flip& one : done_) {
      if (draw(8) != 0) {
        files_[one.file]->flip(one.at, one.bits);
      }
    }
  }

  void read() {
    Inputs inputs;
    connections_->read(inputs);
    if (inputs.drive_state != nullptr) {
      drives_written_.expect("drive.state", *inputs.drive_state, inputs.drive_state->cycle);
    }
    if (inputs.agent_heartbeat != nullptr) {
      beats_written_.expect("heartbeat.agent", *inputs.agent_heartbeat, inputs.agent_heartbeat->count);
    }
    if (const Command* command = inputs.command[static_cast<std::size_t>(Source::policy)]) {
      commands_written_.expect("command.policy", *command, command->command_id);
    }
    if (const Constraints* found = inputs.constraints[static_cast<std::size_t>(Source::perception)]) {
      constraints_written_.expect("constraints.perception", *found,
                                  static_cast<std::uint64_t>(found->stamp_ns % kPeriod_ns));
    }
    for (Request request : inputs.requests) {
      const auto number = static_cast<std::uint64_t>(request.stamp_ns);
      request.origin = Source::none;
      requests_written_.expect("requests", request, number);
      if (!taken_.insert(number).second) {
        fail("a request was taken twice", number);
      }
      ++requests_taken_;
    }
    inputs.now_ns = now_ns_;
    controller_->step(inputs, outputs_);
    states_written_.add(outputs_.state);
    const bool drives = connections_->write_drives(outputs_);
    const bool state = connections_->write_state(outputs_);
    (void)connections_->write_statistics(Statistics{}, now_ns_);
    if (!drives || !state) {
      // As for a supervisor: the rt_control that lost its channels ends, and the next one begins.
      restart();
    }
    read_as_others_do();
  }

  void restart() {
    if (draw(4) != 0) {
      return;
    }
    try {
      auto next = std::make_unique<Connections>(folder_);
      connections_ = std::move(next);
      controller_.emplace(model_, Start{connections_->generation(), connections_->previous()});
      // It has no cursor of its own yet, and takes the indices as they are: the requests begin anew with it.
      taken_.clear();
      states_written_.clear();
      was_enabled_ = false;
      ++restarts_;
    } catch (const ChannelFault&) {  // its header is broken: this round goes on with the one that is there
    }
  }

  void read_as_others_do() {
    State state{};
    ReadInfo info;
    const ReadResult result = state_reader_->read(state, info);
    (result == ReadResult::ok ? whole_ : broken_) += 1;
    if (result == ReadResult::ok && state.cycle != 0 && states_written_.next() > 0 &&
        state.generation == outputs_.state.generation) {
      states_written_.expect("state", state, state.cycle - first_cycle());
    }
    std::array<std::byte, 200> text{};
    const ReadResult of_bytes = bytes_reader_->read(text, info);
    if (of_bytes == ReadResult::ok) {
      std::array<std::uint64_t, 20> words{};
      std::memcpy(words.data(), text.data(), sizeof(words));
      bytes_written_.expect("bytes", words, words[0]);
    }
    Event event{};
    std::uint64_t lost = 0;
    for (int count = 0; count < 4 && event_reader_->read(event, lost); ++count) {
    }
  }

  [[nodiscard]] std::uint64_t first_cycle() const { return outputs_.state.cycle + 1 - states_written_.next(); }

  // What the drives are told lies inside the limits, whatever the channels said.
  void judge() {
    ++cycles_;
    moving_ += outputs_.state.execution == ExecutionState::active ? 1 : 0;
    latched_ += outputs_.state.latched;
    const bool enabled = outputs_.drive_command.enable != 0;
    for (std::size_t axis = 0; axis < model_.axes; ++axis) {
      const double position = outputs_.drive_command.position[axis];
      const double velocity = outputs_.drive_command.velocity[axis];
      const double step = position - position_[axis];
      if (enabled && (!std::isfinite(position) || position > model_.upper[axis] + kRounding ||
                      position < model_.lower[axis] - kRounding)) {
        fail("a position outside its limits", axis);
      }
      if (enabled && was_enabled_) {
        if (std::abs(velocity) > model_.velocity[axis] + kRounding ||
            std::abs(step) > (model_.velocity[axis] + kRounding) * kPeriod_s) {
          fail("a velocity above its limit", axis);
        }
        if (std::abs(velocity - velocity_[axis]) > (model_.acceleration[axis] + 1e-6) * kPeriod_s) {
          fail("an acceleration above its limit", axis);
        }
        // The velocity that was judged is the one that is driven, except where the reference waits for the drives.
        if (step != 0 && std::abs(step / kPeriod_s - velocity) > (model_.acceleration[axis] + 1e-6) * kPeriod_s) {
          fail("a step that is not that of the velocity", axis);
        }
      }
      velocity_[axis] = velocity;
      position_[axis] = position;
    }
    was_enabled_ = enabled;
  }

  std::string folder_;
  std::mt19937 random_;
  RobotModel model_;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<Flip> done_;

  std::unique_ptr<Connections> connections_;
  std::optional<Controller> controller_;
  std::optional<Writer<DriveState, ChannelKind::drive_state>> drive_writer_;
  std::optional<Writer<Heartbeat, ChannelKind::heartbeat>> beat_writer_;
  std::optional<Writer<Command, ChannelKind::command>> command_writer_;
  std::optional<Writer<Constraints, ChannelKind::constraints>> constraints_writer_;
  std::optional<LatestWriter> bytes_writer_;
  std::optional<RequestQueue> agent_;
  std::optional<RequestQueue> operator_;
  std::optional<Reader<State, ChannelKind::state>> state_reader_;
  std::optional<LatestReader> bytes_reader_;
  std::optional<EventReader> event_reader_;

  Written<DriveState> drives_written_;
  Written<Heartbeat> beats_written_;
  Written<Command> commands_written_;
  Written<Constraints> constraints_written_;
  Written<std::array<std::uint64_t, 20>> bytes_written_;
  Written<State> states_written_;
  Written<Request> requests_written_;
  std::set<std::uint64_t> taken_;

  std::int64_t now_ns_ = 1'000'000'000;
  DriveState drive_{};
  Outputs outputs_{};
  bool was_enabled_ = false;
  AxisVector position_{};
  AxisVector velocity_{};

  std::size_t flips_ = 0;
  std::size_t cycles_ = 0;
  std::size_t moving_ = 0;
  std::size_t latched_ = 0;
  std::size_t whole_ = 0;
  std::size_t broken_ = 0;
  std::size_t requests_taken_ = 0;
  std::size_t restarts_ = 0;
  std::size_t opened_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace
}  // namespace dynamical::rt

int main(int count, char** values) {
  if (count != 4) {
    std::fprintf(stderr, "usage: byte_flips FLIPS SEED FOLDER\n");
    return 2;
  }
  dynamical::rt::Robot robot(values[3], static_cast<unsigned>(std::atoi(values[2])));
  robot.run(std::strtoull(values[1], nullptr, 10));
  robot.print();
  return 0;
}
