// Who may move the robot: one source at a time, under an epoch that was never used before.
#pragma once

#include <cstdint>

#include "rt_control/messages.hpp"

namespace dynamical::rt {

[[nodiscard]] constexpr bool can_command(Source source) noexcept {
  return source == Source::agent || source == Source::policy || source == Source::fallback || source == Source::jog ||
         source == Source::ros;
}

class Authority {
 public:
  explicit Authority(std::uint64_t epoch_highest = 0) noexcept : epoch_highest_(epoch_highest) {}

  // False: the source cannot command, or the epoch does not exceed every one granted before; nothing has changed.
  [[nodiscard]] bool grant(Source source, std::uint64_t epoch) noexcept {
    if (!can_command(source) || epoch <= epoch_highest_) {
      return false;
    }
    source_ = source;
    epoch_ = epoch;
    epoch_highest_ = epoch;
    return true;
  }

  void revoke() noexcept {
    source_ = Source::none;
    epoch_ = 0;
  }

  [[nodiscard]] Refusal check(const Command& command) const noexcept {
    if (source_ == Source::none || command.source != source_) {
      return Refusal::wrong_authority;
    }
    return command.epoch == epoch_ ? Refusal::none : Refusal::wrong_epoch;
  }

  [[nodiscard]] Source source() const noexcept { return source_; }
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
  [[nodiscard]] std::uint64_t epoch_highest() const noexcept { return epoch_highest_; }

 private:
  Source source_ = Source::none;
  std::uint64_t epoch_ = 0;
  std::uint64_t epoch_highest_ = 0;
};

}  // namespace dynamical::rt
