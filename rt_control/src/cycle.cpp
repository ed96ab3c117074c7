#include "cycle.hpp"

#include "realtime.hpp"
#include "rt_control/statistics.hpp"
#include "syscall_filter.hpp"

namespace dynamical::rt {
namespace {

constexpr std::int64_t kStatisticsPeriod_ns = 100'000'000;
// The relay's monitor opens after 50 ms without a frame; the machine's watchdog counts in seconds.
constexpr std::uint64_t kRelayCycles = 10;
constexpr std::uint64_t kMachineCycles = 100;

}  // namespace

Cycle::Cycle(const RobotModel& model, Connections& connections, BlackBox& black_box, Outlets& outlets) noexcept
    : period_ns_(model.period_ns),
      drive_age_limits_{model.drive_watchdog_cycles, model.drive_watchdog_cycles_degraded},
      drive_age_limit_(drive_age_limits_[0]),
      connections_(connections),
      black_box_(black_box),
      outlets_(outlets),
      controller_(model, Start{connections.generation(), connections.previous()}),
      drive_age_(drive_age_limit_) {}

void Cycle::grant(std::uint32_t realtime) noexcept {
  inputs_.realtime = realtime;
  drive_age_limit_ = drive_age_limits_[(realtime & kRealtimeDegraded) != 0 ? 1 : 0];
}

void Cycle::run(std::int64_t due_ns, std::int64_t woke_ns) noexcept {
  inputs_.now_ns = due_ns;
  inputs_.wake_latency_ns = woke_ns - due_ns;
  inputs_.compute_ns = times_.read_ns + times_.decide_ns + times_.write_drives_ns;
  inputs_.stages = times_;
  inputs_.deadline_misses = statistics_.deadline_misses;
  inputs_.skipped_cycles = statistics_.skipped_cycles;
  inputs_.forbidden_call = take_forbidden_call();
  connections_.read(inputs_);
  const std::int64_t read_ns = monotonic_ns();
  controller_.step(inputs_, outputs_);
  const std::int64_t decided_ns = monotonic_ns();
  const bool drives_written = connections_.write_drives(outputs_);
  const std::int64_t reached_ns = monotonic_ns();
  outlets_.scope.toggle();

  in_time_ = reached_ns - due_ns <= period_ns_;
  statistics_.deadline_misses += in_time_ ? 0 : 1;
  times_ = {woke_ns - due_ns, read_ns - woke_ns, decided_ns - read_ns, reached_ns - decided_ns, 0};
  count_cycle(statistics_, times_);
  const bool state_written = connections_.write_state(outputs_);
  bool statistics_written = true;
  if (due_ns >= statistics_due_ns_) {
    statistics_due_ns_ = due_ns + kStatisticsPeriod_ns;
    statistics_written = connections_.write_statistics(statistics_, due_ns);
  }
  taken_over_ = !drives_written;
  inputs_.channel_broken = !state_written || !statistics_written;
  pet();
  times_.write_state_ns = monotonic_ns() - reached_ns;
  count_stages(statistics_, times_);
  black_box_.write(record_of(inputs_, outputs_, times_));
}

void Cycle::skip(std::uint64_t cycles) noexcept {
  count_skipped(statistics_, times_, cycles);
  skipped_ = true;
}

void Cycle::pet() noexcept {
  drive_age_ = inputs_.drive_state != nullptr ? 0 : (drive_age_ < drive_age_limit_ ? drive_age_ + 1 : drive_age_);
  const CycleHealth shown{in_time_ && !skipped_,   !taken_over_,
                          !inputs_.channel_broken, drive_age_,
                          drive_age_limit_,        outputs_.state.first_cause.fault};
  skipped_ = false;
  if (!health_.update(shown)) {
    return;
  }
  if (outputs_.state.cycle % kRelayCycles == 0) {
    outlets_.relay.pet();
  }
  if (outputs_.state.cycle % kMachineCycles == 0) {
    outlets_.machine.pet();
  }
}

void Cycle::finish(std::uint64_t minor_faults, std::uint64_t major_faults) noexcept {
  statistics_.minor_faults = minor_faults;
  statistics_.major_faults = major_faults;
  statistics_.ended = 1;
  // Another rt_control may have taken over: then this is its channel.
  [[maybe_unused]] const bool written = connections_.write_statistics(statistics_, inputs_.now_ns);
}

}  // namespace dynamical::rt
