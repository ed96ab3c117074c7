// The process that owns the motors: reads the channels, steps the controller, writes the drives, a thousand times a
// second. Everything that decides is in the controller; everything that may fail is done before the loop.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "connections.hpp"
#include "realtime.hpp"
#include "rt_control/statistics.hpp"

namespace dynamical::rt {
namespace {

constexpr int kBadInput = 2;
constexpr int kTakenOver = 3;
constexpr int kNotAtRest = 1;
constexpr std::int64_t kStatisticsPeriod_ns = 100'000'000;
constexpr std::int64_t kShutdownLimit_ns = 5'000'000'000;

volatile std::sig_atomic_t shutdown_requested = 0;

extern "C" void on_signal(int /*signal*/) { shutdown_requested = 1; }

struct Arguments {
  std::string run_directory;
  RealtimeWish wish;
  bool allow_degraded = false;
};

int number(const char* option, const char* text, int lowest, int highest) {
  int value = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, value);
  if (error != std::errc{} || rest != end || value < lowest || value > highest) {
    throw std::invalid_argument(std::string(option) + " is '" + text + "', allowed are " + std::to_string(lowest) +
                                " to " + std::to_string(highest));
  }
  return value;
}

Arguments parse(std::span<char* const> values) {
  Arguments arguments;
  for (std::size_t index = 1; index < values.size(); ++index) {
    const std::string option = values[index];
    if (option == "--allow-degraded") {
      arguments.allow_degraded = true;
      continue;
    }
    if (option != "--run-dir" && option != "--cpu" && option != "--priority") {
      throw std::invalid_argument("unknown argument '" + option +
                                  "'; usage: rt_control --run-dir DIR [--cpu N] [--priority N] [--allow-degraded]");
    }
    if (index + 1 == values.size()) {
      throw std::invalid_argument(option + " needs a value");
    }
    const char* value = values[++index];
    if (option == "--run-dir") {
      arguments.run_directory = value;
    } else if (option == "--cpu") {
      arguments.wish.cpu = number("--cpu", value, -1, 1023);
    } else {
      arguments.wish.priority = number("--priority", value, 0, 98);
    }
  }
  if (arguments.run_directory.empty()) {
    throw std::invalid_argument("--run-dir DIR is missing");
  }
  return arguments;
}

RobotModel read_model(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw ChannelFault("robot model " + path + " cannot be read; start the robot with `dynamical run`");
  }
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return model_from_bytes(std::as_bytes(std::span(bytes)));
}

void listen_to_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  // Whoever started this process supervises it: without it nobody would end the motion of a run that is over.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
}

// Refuses a run that is over: whoever supervised it gave up the lock before the line above could take effect.
void require_running(const std::string& run_directory) {
  const std::string path = run_directory + "/lock";
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw std::runtime_error(run_directory + " is not a run directory: there is no file `lock` in it");
  }
  const bool over = flock(descriptor, LOCK_SH | LOCK_NB) == 0;
  close(descriptor);
  if (over) {
    throw std::runtime_error("the run in " + run_directory + " is over: nobody holds its lock");
  }
}

class Loop {
 public:
  Loop(const RobotModel& model, Connections& connections, std::uint32_t realtime)
      : period_ns_(model.period_ns),
        connections_(connections),
        controller_(model, Start{connections.generation(), connections.previous()}),
        realtime_(realtime) {}

  // Returns the exit code.
  int run() noexcept {
    std::int64_t due_ns = monotonic_ns() + period_ns_;
    std::int64_t give_up_ns = 0;
    for (;;) {
      sleep_until(due_ns);
      const std::int64_t woke_ns = monotonic_ns();
      if (shutdown_requested != 0 && !inputs_.shutdown) {
        inputs_.shutdown = true;
        give_up_ns = woke_ns + kShutdownLimit_ns;
      }
      cycle(due_ns, woke_ns);
      if (outputs_.finished) {
        return 0;
      }
      if (taken_over_) {
        return kTakenOver;
      }
      if (give_up_ns != 0 && woke_ns > give_up_ns) {
        return kNotAtRest;
      }
      due_ns = next_due(due_ns);
    }
  }

 private:
  void cycle(std::int64_t due_ns, std::int64_t woke_ns) noexcept {
    inputs_.now_ns = due_ns;
    inputs_.wake_latency_ns = woke_ns - due_ns;
    inputs_.realtime = realtime_;
    inputs_.deadline_misses = statistics_.deadline_misses;
    inputs_.skipped_cycles = statistics_.skipped_cycles;
    connections_.read(inputs_);
    controller_.step(inputs_, outputs_);
    const bool drives_written = connections_.write_drives(outputs_);
    const std::int64_t reached_ns = monotonic_ns();
    if (reached_ns - due_ns > period_ns_) {
      ++statistics_.deadline_misses;
    }
    const bool state_written = connections_.write_state(outputs_);
    inputs_.compute_ns = reached_ns - woke_ns;
    count_cycle(statistics_, inputs_.wake_latency_ns, inputs_.compute_ns);
    bool statistics_written = true;
    if (due_ns >= statistics_due_ns_) {
      statistics_due_ns_ = due_ns + kStatisticsPeriod_ns;
      statistics_written = connections_.write_statistics(statistics_, due_ns);
    }
    taken_over_ = !drives_written;
    inputs_.channel_broken = !state_written || !statistics_written;
  }

  // The next cycle that can still be met, in step with the first one. What was missed is never replayed.
  std::int64_t next_due(std::int64_t due_ns) noexcept {
    const std::int64_t late_ns = monotonic_ns() - (due_ns + period_ns_);
    if (late_ns < 0) {
      return due_ns + period_ns_;
    }
    const std::int64_t skipped = late_ns / period_ns_ + 1;
    statistics_.skipped_cycles += static_cast<std::uint64_t>(skipped);
    return due_ns + (skipped + 1) * period_ns_;
  }

  std::int64_t period_ns_;
  Connections& connections_;
  Controller controller_;
  std::uint32_t realtime_;
  Inputs inputs_;
  Outputs outputs_{};
  Statistics statistics_{};
  std::int64_t statistics_due_ns_ = 0;
  bool taken_over_ = false;
};

int run(std::span<char* const> values) {
  const Arguments arguments = parse(values);
  listen_to_signals();
  require_running(arguments.run_directory);
  const RobotModel model = read_model(arguments.run_directory + "/robot");
  Connections connections(arguments.run_directory);
  RealtimeGrant grant = become_realtime(arguments.wish);
  if (!grant.missing.empty()) {
    if (model.simulated == 0 && !arguments.allow_degraded) {
      throw std::runtime_error("will not arm a real robot without real-time: " + grant.missing);
    }
    grant.status |= kRealtimeDegraded;
    std::fprintf(stderr, "rt_control: degraded real-time: %s\n", grant.missing.c_str());
  }
  const auto loop = std::make_unique<Loop>(model, connections, grant.status);
  const int code = loop->run();
  if (code == kTakenOver) {
    std::fprintf(stderr,
                 "rt_control: the drives cannot be told anything: another rt_control has taken over this robot\n");
  } else if (code == kNotAtRest) {
    std::fprintf(stderr, "rt_control: the robot did not come to rest within 5 s of the request to end\n");
  }
  return code;
}

}  // namespace
}  // namespace dynamical::rt

int main(int count, char** values) {
  try {
    return dynamical::rt::run({values, static_cast<std::size_t>(count)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rt_control: %s\n", error.what());
    return dynamical::rt::kBadInput;
  }
}
