// Which stage of a cycle took the time.
#pragma once

#include <array>
#include <utility>

#include "rt_control/messages.hpp"

namespace dynamical::rt {

// The stage that took longest; the earlier one if two took the same.
[[nodiscard]] constexpr Stage longest_of(const StageTimes& times) noexcept {
  const std::array<std::pair<Stage, std::int64_t>, 5> all{{{Stage::wake_up, times.wake_up_ns},
                                                           {Stage::read, times.read_ns},
                                                           {Stage::decide, times.decide_ns},
                                                           {Stage::write_drives, times.write_drives_ns},
                                                           {Stage::write_state, times.write_state_ns}}};
  auto longest = all[0];
  for (const auto& item : all) {
    longest = item.second > longest.second ? item : longest;
  }
  return longest.first;
}

}  // namespace dynamical::rt
