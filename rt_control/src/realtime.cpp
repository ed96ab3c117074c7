#include "realtime.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "rt_control/messages.hpp"

namespace dynamical::rt {
namespace {

constexpr std::int64_t kSecond_ns = 1'000'000'000;
constexpr std::size_t kStackBytes = std::size_t{512} * 1024;

void add(RealtimeGrant& grant, const std::string& what) { grant.missing += (grant.missing.empty() ? "" : "; ") + what; }

bool may_lock_memory() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (syscall(SYS_capget, &header, data.data()) == 0 && (data[0].effective >> CAP_IPC_LOCK & 1U) != 0) {
    return true;
  }
  rlimit limit{};
  return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

// Touches the stack that the loop will use, so that no page of it is missing later.
void prefault_stack() {
  std::array<volatile unsigned char, kStackBytes> stack;
  for (std::size_t at = 0; at < stack.size(); at += 1024) {
    stack[at] = 0;
  }
}

// Keeps what the heap has: neither given back to the kernel nor mapped block by block.
void keep_heap() {
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_MMAP_MAX, 0);
}

// Deep sleep of a processor costs up to hundreds of microseconds at the wake-up. Held by the open file until the
// process ends (kernel: power/pm_qos_interface); a machine without it, or that forbids it, shows it in its latencies.
void forbid_deep_sleep() {
  const int descriptor = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
  const std::int32_t most_us = 0;
  if (descriptor >= 0 && write(descriptor, &most_us, sizeof(most_us)) != sizeof(most_us)) {
    close(descriptor);
  }
}

}  // namespace

RealtimeGrant become_realtime(const RealtimeWish& wish) {
  RealtimeGrant grant;
  keep_heap();
  prctl(PR_SET_TIMERSLACK, 1);  // ordinary scheduling would wake 50 us late
  // With a limit in force, locking future pages would succeed now and make a later mapping fail.
  if (may_lock_memory() && mlockall(MCL_CURRENT | MCL_FUTURE) == 0) {
    grant.status |= kRealtimeMemoryLocked;
  } else {
    add(grant, "memory is not locked (raise `memlock` to unlimited in /etc/security/limits.conf)");
  }
  prefault_stack();
  [[maybe_unused]] const std::int64_t now_ns =
      monotonic_ns();  // maps the clock's page, which is not locked with the rest
  if (wish.cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(wish.cpu), &set);
    if (sched_setaffinity(0, sizeof(set), &set) == 0) {
      grant.status |= kRealtimeAffinity;
    } else {
      add(grant, "processor " + std::to_string(wish.cpu) + " is not available (" + std::strerror(errno) + ")");
    }
  }
  if (wish.priority == 0) {
    add(grant, "SCHED_FIFO is not asked for (give --priority 1 to 98)");
    return grant;
  }
  sched_param parameters{};
  parameters.sched_priority = wish.priority;
  if (sched_setscheduler(0, SCHED_FIFO, &parameters) == 0) {
    grant.status |= kRealtimeFifo;
    forbid_deep_sleep();
  } else {
    add(grant, "SCHED_FIFO " + std::to_string(wish.priority) + " is not granted (" + std::strerror(errno) +
                   "; raise `rtprio` in /etc/security/limits.conf)");
  }
  return grant;
}

PageFaults page_faults() noexcept {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return {static_cast<std::uint64_t>(usage.ru_minflt), static_cast<std::uint64_t>(usage.ru_majflt)};
}

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond_ns + now.tv_nsec;
}

void sleep_until(std::int64_t time_ns) noexcept {
  const timespec until{time_ns / kSecond_ns, time_ns % kSecond_ns};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace dynamical::rt
