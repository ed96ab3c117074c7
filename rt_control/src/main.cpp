// The process that owns the motors: reads the channels, steps the controller, writes the drives, a thousand times a
// second. Everything that decides is in the controller; everything that may fail is done before the loop.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
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
#include <vector>

#include "cycle.hpp"
#include "realtime.hpp"
#include "syscall_filter.hpp"

namespace dynamical::rt {
namespace {

constexpr int kBadInput = 2;
constexpr int kTakenOver = 3;
constexpr int kNotAtRest = 1;
constexpr std::int64_t kShutdownLimit_ns = 5'000'000'000;

volatile std::sig_atomic_t shutdown_requested = 0;

extern "C" void on_signal(int /*signal*/) { shutdown_requested = 1; }

struct Arguments {
  std::string run_directory;
  RealtimeWish wish;
  bool allow_degraded = false;
  std::string scope;
  std::string watchdog;
  std::string relay;
  // Of simulated robots only:
  bool filter = true;
  std::int64_t forbidden_call_cycle = 0;  // for a test: the loop makes one in this cycle; 0: never
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

constexpr const char* kUsage =
    "usage: rt_control --run-dir DIR [--cpu N] [--priority N] [--scope TTY|CHIP:LINE] [--watchdog PATH] [--relay TTY] "
    "[--allow-degraded]; of a simulated robot also [--no-filter] [--forbidden-call-in CYCLE]";

// One option and its value. False: there is no such option.
bool take(Arguments& arguments, const std::string& option, const char* value) {
  if (option == "--run-dir") {
    arguments.run_directory = value;
  } else if (option == "--cpu") {
    arguments.wish.cpu = number("--cpu", value, -1, 1023);
  } else if (option == "--priority") {
    arguments.wish.priority = number("--priority", value, 0, 98);
  } else if (option == "--scope") {
    arguments.scope = value;
  } else if (option == "--watchdog") {
    arguments.watchdog = value;
  } else if (option == "--relay") {
    arguments.relay = value;
  } else if (option == "--forbidden-call-in") {
    arguments.forbidden_call_cycle = number("--forbidden-call-in", value, 1, 1'000'000);
  } else {
    return false;
  }
  return true;
}

Arguments parse(std::span<char* const> values) {
  Arguments arguments;
  for (std::size_t index = 1; index < values.size(); ++index) {
    const std::string option = values[index];
    if (option == "--allow-degraded") {
      arguments.allow_degraded = true;
    } else if (option == "--no-filter") {
      arguments.filter = false;
    } else if (Arguments probe; !take(probe, option, "1")) {
      throw std::invalid_argument("unknown argument '" + option + "'; " + kUsage);
    } else if (index + 1 == values.size()) {
      throw std::invalid_argument(option + " needs a value");
    } else {
      take(arguments, option, values[++index]);
    }
  }
  if (arguments.run_directory.empty()) {
    throw std::invalid_argument("--run-dir DIR is missing");
  }
  return arguments;
}

void require_simulated(const Arguments& arguments, bool simulated) {
  if (!simulated && (!arguments.filter || arguments.forbidden_call_cycle != 0)) {
    throw std::invalid_argument("--no-filter and --forbidden-call-in are for simulated robots; leave them out");
  }
}

Outlets open_outlets(const Arguments& arguments) {
  Outlets outlets;
  if (!arguments.scope.empty()) {
    outlets.scope = ScopeOutput(arguments.scope);
  }
  if (!arguments.relay.empty()) {
    outlets.relay = SafetyRelay(arguments.relay);
  }
  // The last one: it counts from here on.
  if (!arguments.watchdog.empty()) {
    outlets.machine = MachineWatchdog(arguments.watchdog);
  }
  return outlets;
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

// Cycles until the robot rests after a request to end, or the drives are another's. Returns the exit code.
int loop(Cycle& cycle, std::int64_t period_ns, std::int64_t forbidden_call_cycle) noexcept {
  std::int64_t due_ns = monotonic_ns() + period_ns;
  std::int64_t give_up_ns = 0;
  for (std::int64_t number = 1;; ++number) {
    sleep_until(due_ns);
    const std::int64_t woke_ns = monotonic_ns();
    if (shutdown_requested != 0 && !cycle.shuts_down()) {
      cycle.shut_down();
      give_up_ns = woke_ns + kShutdownLimit_ns;
    }
    if (number == forbidden_call_cycle) {
      syscall(SYS_getppid);
    }
    cycle.run(due_ns, woke_ns);
    if (cycle.finished()) {
      return 0;
    }
    if (cycle.taken_over()) {
      return kTakenOver;
    }
    if (give_up_ns != 0 && woke_ns > give_up_ns) {
      return kNotAtRest;
    }
    // The next cycle that can still be met, in step with the first one. What was missed is never replayed.
    due_ns += period_ns;
    const std::int64_t late_ns = monotonic_ns() - due_ns;
    if (late_ns >= 0) {
      const std::int64_t skipped = late_ns / period_ns + 1;
      cycle.skip(static_cast<std::uint64_t>(skipped));
      due_ns += skipped * period_ns;
    }
  }
}

// What the kernel grants, as RealtimeStatus bits. The last step before the loop: from here
// on the thread may not even map memory.
std::uint32_t prepare(const Arguments& arguments, const Outlets& outlets, bool simulated) {
  RealtimeGrant grant = become_realtime(arguments.wish);
  if (!grant.missing.empty() && !simulated && !arguments.allow_degraded) {
    throw std::runtime_error("will not arm a real robot without real-time: " + grant.missing);
  }
  if (!grant.missing.empty()) {
    grant.status |= kRealtimeDegraded;
    std::fprintf(stderr, "rt_control: degraded real-time: %s\n", grant.missing.c_str());
  }
  if (arguments.filter) {
    std::vector<int> descriptors{STDERR_FILENO};
    for (const int descriptor :
         {outlets.scope.descriptor(), outlets.machine.descriptor(), outlets.relay.descriptor()}) {
      if (descriptor >= 0) {
        descriptors.push_back(descriptor);
      }
    }
    if (!filter_system_calls(descriptors)) {
      throw std::runtime_error(std::string("system calls cannot be filtered: ") + std::strerror(errno) +
                               "; use a kernel with CONFIG_SECCOMP_FILTER, or give --no-filter to a simulated robot");
    }
    grant.status |= kRealtimeFiltered;
  }
  return grant.status;
}

// The machine's watchdog counts already. It must not restart a machine on which nothing has moved yet; where an
// rt_control went before, it is to do what it is there for.
std::uint32_t prepare_or_disarm(const Arguments& arguments, Outlets& outlets, bool simulated, bool first) {
  try {
    return prepare(arguments, outlets, simulated);
  } catch (const std::exception&) {
    if (first) {
      outlets.machine.disarm();
    }
    throw;
  }
}

[[noreturn]] void run(std::span<char* const> values) {
  const Arguments arguments = parse(values);
  listen_to_signals();
  require_running(arguments.run_directory);
  const RobotModel model = read_model(arguments.run_directory + "/robot");
  require_simulated(arguments, model.simulated != 0);
  Connections connections(arguments.run_directory);
  BlackBox black_box(arguments.run_directory + "/blackbox");
  Outlets outlets = open_outlets(arguments);
  const auto cycle = std::make_unique<Cycle>(model, connections, black_box, outlets);
  cycle->grant(prepare_or_disarm(arguments, outlets, model.simulated != 0, connections.previous() == nullptr));
  const PageFaults before = page_faults();
  const int code = loop(*cycle, model.period_ns, arguments.forbidden_call_cycle);
  const PageFaults after = page_faults();
  cycle->finish(after.minor - before.minor, after.major - before.major);
  if (code == 0) {
    outlets.machine.disarm();
  }
  if (code == kTakenOver) {
    std::fprintf(stderr,
                 "rt_control: the drives cannot be told anything: another rt_control has taken over this robot\n");
  } else if (code == kNotAtRest) {
    std::fprintf(stderr, "rt_control: the robot did not come to rest within 5 s of the request to end\n");
  }
  // At once: what would be given back here is the kernel's to take, and the filter refuses it.
  _exit(code);
}

}  // namespace
}  // namespace dynamical::rt

int main(int count, char** values) {
  try {
    dynamical::rt::run({values, static_cast<std::size_t>(count)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rt_control: %s\n", error.what());
    return dynamical::rt::kBadInput;
  }
}
