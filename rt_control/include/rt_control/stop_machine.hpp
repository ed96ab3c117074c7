// Which stop is in force and why: the worst wins, the first cause of a latched stop is kept until its reset.
#pragma once

#include <algorithm>

#include "rt_control/faults.hpp"

namespace dynamical::rt {

class StopMachine {
 public:
  // Takes a cause; its `stop` is set from the fault table. True if this fault was not in force yet.
  bool raise(StopCause cause) noexcept {
    const FaultRule& rule = rule_of(cause.fault);
    others_ = others_ || (latched_ && rule.latched && cause.source != first_.source);
    if ((raised_ & bit_of(rule.fault)) != 0 || (latched_ && !rule.latched)) {
      return false;
    }
    raised_ |= bit_of(rule.fault);
    cause.stop = rule.stop;
    if (rule.latched && !latched_) {
      latched_ = true;
      first_ = cause;
    }
    last_ = cause;
    in_force_ = std::max(in_force_, rule.stop);
    return true;
  }

  // An SS2 ends because motion continues, or because nobody has authority any more. A latched stop stays.
  void release() noexcept {
    if (!latched_) {
      in_force_ = Stop::none;
      raised_ = 0;
    }
  }

  // The caller has checked that the reset is allowed.
  void reset() noexcept {
    latched_ = false;
    in_force_ = Stop::none;
    raised_ = 0;
    others_ = false;
    first_ = nothing();
  }

  // Whether this origin may reset the latched stop.
  [[nodiscard]] bool may_reset(Source origin) const noexcept {
    if (origin == Source::operator_) {
      return true;
    }
    return rule_of(first_.fault).resetter == Resetter::requester && origin == Source::agent &&
           first_.source == origin && !others_ && worst_is_first();
  }

  [[nodiscard]] Stop in_force() const noexcept { return in_force_; }
  [[nodiscard]] bool latched() const noexcept { return latched_; }
  [[nodiscard]] bool is_raised(Fault fault) const noexcept { return (raised_ & bit_of(fault)) != 0; }
  [[nodiscard]] const StopCause& first() const noexcept { return first_; }
  [[nodiscard]] const StopCause& last() const noexcept { return last_; }

 private:
  // Nothing else was raised behind the first cause: the agent asked for this stop and no more happened.
  [[nodiscard]] bool worst_is_first() const noexcept {
    std::uint32_t latching = raised_;
    for (const FaultRule& rule : kFaultTable) {
      if (!rule.latched) {
        latching &= ~bit_of(rule.fault);
      }
    }
    return latching == bit_of(first_.fault);
  }

  static constexpr StopCause nothing() noexcept {
    StopCause cause{};
    cause.axis = -1;
    return cause;
  }

  Stop in_force_ = Stop::none;
  bool latched_ = false;
  std::uint32_t raised_ = 0;  // bit per Fault since the last release or reset
  bool others_ = false;       // somebody else than the first cause's source asked for the latched stop too
  StopCause first_ = nothing();
  StopCause last_ = nothing();
};

}  // namespace dynamical::rt
