#include "rt_control/chunk.hpp"

#include <algorithm>
#include <cmath>

namespace dynamical::rt {
namespace {

// A setpoint at a limit may be outside by rounding; the motion itself is limited exactly.
constexpr double kRangeTolerance = 1e-6;
// The observation may be stamped within the cycle that has begun already when it is read.
constexpr std::int64_t kFutureTolerance_ns = 10'000'000;

bool is_well_formed(const Command& command, const RobotModel& model, std::int64_t now_ns, std::int64_t trajectory_ns) {
  const bool is_stream = command.kind == CommandKind::stream;
  if ((!is_stream && command.kind != CommandKind::chunk) || command.axes != model.axes || command.count == 0 ||
      command.count > kMaxSetpoints || (is_stream && command.count != 1)) {
    return false;
  }
  if (command.observation_ns < 0 || command.observation_ns > now_ns + kFutureTolerance_ns) {
    return false;
  }
  // Each bound also keeps the sums that follow from overflowing.
  const std::int64_t most = model.chunk_duration_limit_ns;
  if (command.start_ns < 0 || command.start_ns > trajectory_ns + most) {
    return false;
  }
  if (is_stream) {
    return true;
  }
  // Setpoint 0 comes at this time at the earliest: the reference never runs faster than the clock.
  const std::int64_t start_ns = command.start_ns + (now_ns - trajectory_ns);
  if (command.spacing_ns <= 0 || command.spacing_ns > most || command.end_ns < start_ns) {
    return false;
  }
  const std::int64_t duration = command.end_ns - start_ns;
  return duration <= most && duration <= (std::int64_t{command.count} - 1) * command.spacing_ns;
}

template <typename Predicate>
bool all_setpoints(const Command& command, std::uint32_t axes, Predicate holds) {
  for (std::uint32_t setpoint = 0; setpoint < command.count; ++setpoint) {
    for (std::uint32_t axis = 0; axis < axes; ++axis) {
      if (!holds(command.position[setpoint][axis], axis)) {
        return false;
      }
    }
  }
  return true;
}

double tangent(const Command& command, std::uint32_t axis, std::uint32_t at, double spacing) {
  const auto value = [&](std::uint32_t index) { return command.position[index][axis]; };
  const std::uint32_t last = command.count - 1;
  if (at > 0 && at < last) {
    return (value(at + 1) - value(at - 1)) / (2 * spacing);
  }
  if (last == 1) {
    return (value(1) - value(0)) / spacing;
  }
  if (at == 0) {
    return (-3 * value(0) + 4 * value(1) - value(2)) / (2 * spacing);
  }
  return (3 * value(last) - 4 * value(last - 1) + value(last - 2)) / (2 * spacing);
}

}  // namespace

Refusal check_command(const Command& command, const RobotModel& model, std::int64_t now_ns,
                      std::int64_t trajectory_ns) noexcept {
  if (!is_well_formed(command, model, now_ns, trajectory_ns)) {
    return Refusal::malformed;
  }
  if (!all_setpoints(command, model.axes, [](double value, std::uint32_t) { return std::isfinite(value); })) {
    return Refusal::not_finite;
  }
  if (!all_setpoints(command, model.axes, [&](double value, std::uint32_t axis) {
        return value >= model.lower[axis] - kRangeTolerance && value <= model.upper[axis] + kRangeTolerance;
      })) {
    return Refusal::out_of_range;
  }
  const bool ended = command.kind == CommandKind::chunk && command.end_ns <= now_ns;
  if (ended || now_ns - command.observation_ns > model.observation_age_limit_ns) {
    return Refusal::too_old;
  }
  return Refusal::none;
}

Sample sample(const Command& command, std::uint32_t axes, double time_s) noexcept {
  Sample result{};
  const std::uint32_t last = command.count - 1;
  const double spacing = static_cast<double>(command.spacing_ns) * 1e-9;
  const double along = last == 0 ? 0.0 : time_s / spacing;
  if (along <= 0 || along >= last) {
    result.position = command.position[along <= 0 ? 0 : last];
    return result;
  }
  const auto segment = std::min(static_cast<std::uint32_t>(along), last - 1);
  const double u = along - segment;
  const double u2 = u * u;
  const double u3 = u2 * u;
  for (std::uint32_t axis = 0; axis < axes; ++axis) {
    const double begin = command.position[segment][axis];
    const double end = command.position[segment + 1][axis];
    const double begin_slope = tangent(command, axis, segment, spacing) * spacing;
    const double end_slope = tangent(command, axis, segment + 1, spacing) * spacing;
    result.position[axis] = (2 * u3 - 3 * u2 + 1) * begin + (u3 - 2 * u2 + u) * begin_slope + (3 * u2 - 2 * u3) * end +
                            (u3 - u2) * end_slope;
    result.velocity[axis] =
        ((6 * u2 - 6 * u) * (begin - end) + (3 * u2 - 4 * u + 1) * begin_slope + (3 * u2 - 2 * u) * end_slope) /
        spacing;
  }
  return result;
}

}  // namespace dynamical::rt
