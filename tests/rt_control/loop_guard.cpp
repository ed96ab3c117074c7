// Runs the whole rt_control, main.cpp with its loop, for a million cycles in seconds: its clock and its sleep are
// replaced at link time, and instead of sleeping it lets a scripted world act. Prints as `name=count` lines how many
// cycles, sleeps, allocations and page faults there were, and what happened. `_exit` is replaced too: it prints.
//
// usage: loop_guard RUN_DIRECTORY CYCLES [OPTION of rt_control]...
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "allocation_counter.hpp"
#include "realtime.hpp"
#include "scripted_world.hpp"

// main.cpp is built with its own main renamed to this.
int rt_control_main(int count, char** values);

namespace {

using namespace dynamical::rt;
using StatisticsReader = Reader<Statistics, ChannelKind::statistics>;

constexpr std::int64_t kSecond_ns = 1'000'000'000;
constexpr std::uint64_t kSettled = ScriptedWorld::kRound * ScriptedWorld::kScenes;  // each scene has been once

std::unique_ptr<ScriptedWorld> world;
std::unique_ptr<StatisticsReader> statistics;
std::uint64_t cycles_asked = 0;
std::uint64_t sleeps = 0;
std::int64_t clock_ns = 1000 * kSecond_ns;
std::int64_t clock_step_ns = 250;
std::size_t allocations_of_guard = 0;
std::uint64_t faults_of_guard = 0;
PageFaults faults_settled;
void (*end_request)(int) = nullptr;
std::uint64_t refused_calls = 0;
void (*on_refused_call)(int, siginfo_t*, void*) = nullptr;

void count_refused_call(int number, siginfo_t* information, void* context) {
  ++refused_calls;
  on_refused_call(number, information, context);
}

std::uint64_t sum(const PageFaults& faults) { return faults.minor + faults.major; }

// That the guard counts at all.
void count_one_of_each() {
  counting = true;
  ::operator delete(::operator new(8));
  counting = false;
  allocations_of_guard = std::exchange(allocations, 0);
  const std::uint64_t before = sum(page_faults());
  constexpr std::size_t kPage = 4096;
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *static_cast<volatile char*>(page) = 1;
  faults_of_guard = sum(page_faults()) - before;
  munmap(page, kPage);
}

void print(const char* name, std::uint64_t value) {
  std::fprintf(stderr, "%s=%llu\n", name, static_cast<unsigned long long>(value));
}

}  // namespace

extern "C" {

int __real_sigaction(int number, const struct sigaction* action, struct sigaction* before);
int __real_flock(int descriptor, int operation);
[[noreturn]] void __real__exit(int code);

// Instead of sleeping. A call of this is a system call of rt_control.
int __wrap_clock_nanosleep(clockid_t /*clock*/, int /*flags*/, const timespec* until, timespec* /*left*/) {
  counting = true;
  const std::uint64_t number = sleeps++;
  clock_ns = std::max(clock_ns, until->tv_sec * kSecond_ns + until->tv_nsec);
  if (number == kSettled) {
    faults_settled = page_faults();
  }
  if (number >= cycles_asked) {
    end_request(SIGTERM);
  }
  const ScriptedWorld::Delay delay = world->act(number, clock_ns);
  clock_ns += delay.wake_ns;
  clock_step_ns = delay.clock_ns;
  return 0;
}

// rt_control's clock; no system call on a machine whose clock is steady.
int __wrap_clock_gettime(clockid_t /*clock*/, timespec* now) {
  clock_ns += clock_step_ns;
  *now = {clock_ns / kSecond_ns, clock_ns % kSecond_ns};
  return 0;
}

// The filter would refuse that the world signals its own process: it calls what the signal would call. And every other
// call of the kernel that the filter refuses is counted on its way.
int __wrap_sigaction(int number, const struct sigaction* action, struct sigaction* before) {
  if (number == SIGTERM && action != nullptr) {
    end_request = action->sa_handler;
  }
  if (number == SIGSYS && action != nullptr) {
    on_refused_call = action->sa_sigaction;
    struct sigaction counted = *action;
    counted.sa_sigaction = count_refused_call;
    return __real_sigaction(number, &counted, before);
  }
  return __real_sigaction(number, action, before);
}

// Of the lock among those who push requests: nobody else does. The lock of the run directory is asked for shared.
int __wrap_flock(int descriptor, int operation) {
  return (operation & LOCK_SH) != 0 ? __real_flock(descriptor, operation) : 0;
}

[[noreturn]] void __wrap__exit(int code) {
  const PageFaults end = page_faults();
  counting = false;
  Statistics last{};
  ReadInfo info;
  const bool known = statistics->read(last, info) == ReadResult::ok && last.ended == 1;
  print("known", known ? 1 : 0);
  print("cycles", last.cycles);
  print("sleeps", sleeps);
  print("refused_calls", refused_calls);
  print("allocations", allocations);
  print("page_faults", last.minor_faults + last.major_faults);
  print("page_faults_settled", sum(end) - sum(faults_settled));
  print("guard_allocations", allocations_of_guard);
  print("guard_page_faults", faults_of_guard);
  world->print();
  __real__exit(code);
}
}

int main(int count, char** values) {
  const std::span<char* const> arguments(values, static_cast<std::size_t>(count));
  if (arguments.size() < 3) {
    std::fprintf(stderr, "usage: loop_guard RUN_DIRECTORY CYCLES [OPTION]...\n");
    return 2;
  }
  const std::string directory = arguments[1];
  cycles_asked = std::strtoull(arguments[2], nullptr, 10);
  std::ifstream file(directory + "/robot", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const RobotModel model = model_from_bytes(std::as_bytes(std::span(bytes)));
  count_one_of_each();
  world = std::make_unique<ScriptedWorld>(model, directory, cycles_asked);
  statistics = std::make_unique<StatisticsReader>(directory + "/statistics");
  // Ordinary scheduling: a loop that never sleeps would own its processor.
  std::vector<std::string> words{"rt_control", "--run-dir", directory, "--priority", "0"};
  words.insert(words.end(), arguments.begin() + 3, arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  return rt_control_main(static_cast<int>(pointers.size()), pointers.data());
}
