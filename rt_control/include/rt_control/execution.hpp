// The execution state of tier 1 and what changes it: a table of state x event.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rt_control/messages.hpp"

namespace dynamical::rt {

enum class ExecutionEvent : std::uint32_t {
  moves = 0,       // a command is admitted and nothing forbids to follow it
  brakes = 1,      // SS2
  rests = 2,       // the reference of an SS2 has come to rest
  released = 3,    // at rest, and nobody has authority
  ramps_down = 4,  // SS1
  ramp_ended = 5,  // at rest after SS1
  torque_off = 6,  // STO
  reset = 7,
};

inline constexpr std::size_t kExecutionStates = 6;
inline constexpr std::size_t kExecutionEvents = 8;

using enum ExecutionState;

// Row: state. Column: event, in the order above. An event that means nothing in a state leaves it.
inline constexpr std::array<std::array<ExecutionState, kExecutionEvents>, kExecutionStates> kExecutionTable{{
    //            moves     brakes    rests     released  ramps_down ramp_ended torque_off reset
    /* idle     */ {{active, idle, idle, idle, stopping, idle, fault, idle}},
    /* active   */ {{active, stopping, active, active, stopping, active, fault, active}},
    /* holding  */ {{active, holding, holding, idle, stopping, holding, fault, holding}},
    /* stopping */ {{active, stopping, holding, stopping, stopping, stopped, fault, stopping}},
    /* stopped  */ {{stopped, stopped, stopped, stopped, stopped, stopped, fault, idle}},
    /* fault    */ {{fault, fault, fault, fault, fault, fault, fault, idle}},
}};

[[nodiscard]] constexpr ExecutionState after(ExecutionState state, ExecutionEvent event) noexcept {
  return kExecutionTable[static_cast<std::size_t>(state) % kExecutionStates][static_cast<std::size_t>(event)];
}

consteval bool only_reset_leaves(ExecutionState state) {
  for (std::size_t event = 0; event < kExecutionEvents; ++event) {
    const ExecutionState next = after(state, static_cast<ExecutionEvent>(event));
    if (next != state && next != fault && static_cast<ExecutionEvent>(event) != ExecutionEvent::reset) {
      return false;
    }
  }
  return true;
}

consteval bool reset_never_moves() {
  for (std::size_t state = 0; state < kExecutionStates; ++state) {
    const auto before = static_cast<ExecutionState>(state);
    if (before != active && after(before, ExecutionEvent::reset) == active) {
      return false;
    }
  }
  return true;
}

static_assert(only_reset_leaves(stopped) && only_reset_leaves(fault));
static_assert(reset_never_moves());

}  // namespace dynamical::rt
