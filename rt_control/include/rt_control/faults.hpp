// What each fault does: the one table of which code, Python and docs all speak.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rt_control/messages.hpp"

namespace dynamical::rt {

// Who may end a latched stop. Nobody needs to for one that is not latched.
enum class Resetter : std::uint32_t {
  nobody = 0,
  operator_ = 1,
  requester = 2,  // the operator, or the agent if it was the agent that asked for this stop
};

struct FaultRule {
  Fault fault;
  Stop stop;
  bool latched;
  Resetter resetter;
  const char* text;
  const char* outcome;  // of a run that nobody attends
};

inline constexpr const char* kContinues = "continues";
inline constexpr const char* kEnds = "stopped_by_safety";

inline constexpr std::array kFaultTable{
    FaultRule{Fault::none, Stop::none, false, Resetter::nobody, "none", kContinues},
    FaultRule{Fault::command_ended, Stop::ss2, false, Resetter::nobody,
              "the chunk ran out, or the lease of a stream; the next valid command continues", kContinues},
    FaultRule{Fault::authority_revoked, Stop::ss2, false, Resetter::nobody,
              "the source that moved the robot lost its authority; the next granted one continues", kContinues},
    FaultRule{Fault::hold_requested, Stop::ss2, false, Resetter::nobody,
              "a hold was requested; the next grant or begun skill continues", kContinues},
    FaultRule{Fault::separation, Stop::ss2, false, Resetter::nobody,
              "a person is nearer than the protective distance; continues when clear", kContinues},
    FaultRule{Fault::operator_stop, Stop::ss1, true, Resetter::requester,
              "a stop was requested, or the e-stop chain is open", kEnds},
    FaultRule{Fault::agent_lost, Stop::ss1, true, Resetter::operator_, "the agent's heartbeat stayed away", kEnds},
    FaultRule{Fault::lateness, Stop::ss1, true, Resetter::operator_,
              "rt_control itself was late, once by much or again and again, or was stopped and continued", kEnds},
    FaultRule{Fault::clock_broken, Stop::ss1, true, Resetter::operator_, "the clock stood still or went back", kEnds},
    FaultRule{Fault::channel_broken, Stop::ss1, true, Resetter::operator_,
              "a channel cannot be written: another rt_control took over, or its memory is gone", kEnds},
    FaultRule{Fault::drive_fault, Stop::sto, true, Resetter::operator_,
              "a drive reports a fault, gave up following or never began, or its own watchdog tripped", kEnds},
    FaultRule{Fault::drive_lost, Stop::sto, true, Resetter::operator_, "the drives do not answer", kEnds},
    FaultRule{Fault::ramp_not_followed, Stop::sto, true, Resetter::operator_,
              "the robot did not slow down as a stop demanded", kEnds},
    FaultRule{Fault::limit_violated, Stop::ss1, true, Resetter::operator_,
              "a measured axis is outside its limits; guide it back by hand before the reset", kEnds},
    FaultRule{Fault::safe_torque_off_requested, Stop::sto, true, Resetter::requester,
              "the removal of torque was requested", kEnds},
    FaultRule{Fault::restarted, Stop::sto, true, Resetter::operator_,
              "rt_control began while the robot was not known to be at rest under control", kEnds},
    FaultRule{Fault::forbidden_call, Stop::ss1, true, Resetter::operator_,
              "the real-time thread asked the kernel for something that it never needs; it was refused", kEnds},
    FaultRule{Fault::contact, Stop::ss1, true, Resetter::operator_,
              "something presses on the arm, harder than its work and its model's error explain", kEnds},
};

consteval bool is_fault_table_consistent() {
  for (std::size_t index = 0; index < kFaultTable.size(); ++index) {
    const FaultRule& rule = kFaultTable[index];
    const bool may_reset = rule.resetter != Resetter::nobody;
    if (static_cast<std::size_t>(rule.fault) != index || rule.latched != may_reset ||
        rule.latched != (rule.stop >= Stop::ss1)) {
      return false;
    }
  }
  return true;
}

static_assert(kFaultTable.size() == static_cast<std::size_t>(Fault::contact) + 1);
static_assert(is_fault_table_consistent(), "in the order of the enum; what is worse than SS2 is latched");

[[nodiscard]] constexpr const FaultRule& rule_of(Fault fault) noexcept {
  const auto index = static_cast<std::size_t>(fault);
  return kFaultTable[index < kFaultTable.size() ? index : 0];
}

[[nodiscard]] constexpr std::uint32_t bit_of(Fault fault) noexcept { return 1U << static_cast<std::uint32_t>(fault); }

}  // namespace dynamical::rt
