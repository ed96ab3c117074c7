// How careful the robot must be: what all sources of constraints say together, and what their silence means.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "rt_control/model.hpp"
#include "rt_control/separation.hpp"

namespace dynamical::rt {

struct Care {
  double speed_scale = 1.0;  // of every velocity limit, separation included
  double margin_scale = 1.0;
  double person_distance_m = kNoPersonDistance;                    // as it was measured
  double nearest_m = kNoPersonDistance;                            // as near as somebody may have come since
  double tcp_speed_mps = std::numeric_limits<double>::infinity();  // of the fastest point of the arm
  bool separation_slows = false;                                   // the separation is what scales most
  bool separation_stops = false;  // a person is nearer than the protective distance of a robot at rest
  double protective_m = 0;        // that distance, margins included
  std::uint32_t stale = 0;        // bit per Source whose declared slot is stale
};

class CareBoard {
 public:
  explicit CareBoard(const RobotModel& model) noexcept : model_(model), separation_(model) {}

  // Takes a message if it makes sense, is not from the future, and is newer than the last one of its source. What was
  // measured long ago is stale at once; after a stall of the whole host that is so until the next measurement.
  void hear(const Constraints& message, std::int64_t now_ns) noexcept {
    const auto index = static_cast<std::size_t>(message.source);
    const bool in_time = message.stamp_ns >= 0 && message.stamp_ns <= now_ns + kFutureTolerance_ns;
    if (index >= kMaxSources || !is_sane(message) || !in_time ||
        (heard_[index] && message.stamp_ns <= last_[index].stamp_ns)) {
      return;
    }
    last_[index] = message;
    heard_[index] = true;
    const std::int64_t cycles = std::max<std::int64_t>(now_ns - message.stamp_ns, 0) / model_.period_ns;
    age_[index] = static_cast<std::uint32_t>(std::min<std::int64_t>(cycles, kAgeLimit));
  }

  // Once in each executed cycle, after hear(). `reaction_s`: how late this host was found to be.
  [[nodiscard]] Care update(double reaction_s) noexcept {
    Care care;
    std::array<bool, kMaxSources> fresh{};
    bool distance_known = model_.constraint_slots == 0;
    for (std::size_t source = 0; source < kMaxSources; ++source) {
      fresh[source] = heard_[source] && age_[source] < lease_of(source);
      if (fresh[source]) {
        take(care, last_[source], distance_known);
        care.nearest_m = std::min(care.nearest_m, distance_by_now(last_[source], age_[source]));
        ++age_[source];
      }
    }
    for (std::size_t index = 0; index < model_.constraint_slots; ++index) {
      take_stale(care, model_.constraint_slot[index], fresh);
    }
    if (!distance_known) {
      care.tcp_speed_mps = std::min(care.tcp_speed_mps, model_.reduced_tcp_speed_mps);
      // For people to read: the worst that still lets the robot move.
      care.person_distance_m = separation_.protective_m(0, reaction_s);
    }
    scale_by_distance(care, distance_known, reaction_s);
    return care;
  }

 private:
  static constexpr std::uint32_t kUndeclaredLease = 250;
  // A measurement may be stamped within the cycle that has begun already when it is read.
  static constexpr std::int64_t kFutureTolerance_ns = 10'000'000;
  static constexpr std::int64_t kAgeLimit = std::numeric_limits<std::uint32_t>::max();
  // Once stopped, the robot moves again where it may have this share of its speed, or it would twitch.
  static constexpr double kMovesAgain = 0.1;

  static bool is_sane(const Constraints& message) noexcept {
    const double distance = message.person_distance_m;
    return message.speed_scale >= 0 && message.speed_scale <= 1 && message.margin_scale >= 1 &&
           std::isfinite(message.margin_scale) && (std::isnan(distance) || distance >= 0);
  }

  [[nodiscard]] const ConstraintSlot* slot_of(std::size_t source) const noexcept {
    for (std::size_t index = 0; index < model_.constraint_slots; ++index) {
      if (static_cast<std::size_t>(model_.constraint_slot[index].source) == source) {
        return &model_.constraint_slot[index];
      }
    }
    return nullptr;
  }

  [[nodiscard]] std::uint32_t lease_of(std::size_t source) const noexcept {
    const ConstraintSlot* slot = slot_of(source);
    return slot == nullptr ? kUndeclaredLease : slot->lease_cycles;
  }

  static void take(Care& care, const Constraints& message, bool& distance_known) noexcept {
    care.speed_scale = std::min(care.speed_scale, message.speed_scale);
    care.margin_scale = std::max(care.margin_scale, message.margin_scale);
    if (!std::isnan(message.person_distance_m)) {
      distance_known = true;
      care.person_distance_m = std::min(care.person_distance_m, message.person_distance_m);
    }
  }

  static void take_stale(Care& care, const ConstraintSlot& slot, const std::array<bool, kMaxSources>& fresh) noexcept {
    const auto source = static_cast<std::size_t>(slot.source);
    if (fresh[source]) {
      return;
    }
    care.stale |= 1U << source;
    care.speed_scale = std::min(care.speed_scale, slot.stale_speed_scale);
    care.margin_scale = std::max(care.margin_scale, slot.stale_margin_scale);
    care.tcp_speed_mps = std::min(care.tcp_speed_mps, slot.stale_tcp_speed_mps);
  }

  [[nodiscard]] double distance_by_now(const Constraints& message, std::uint32_t age_cycles) const noexcept {
    if (std::isnan(message.person_distance_m) || message.person_distance_m >= kNoPersonDistance) {
      return kNoPersonDistance;
    }
    return message.person_distance_m - model_.person_speed_mps * static_cast<double>(age_cycles) * period_s();
  }

  [[nodiscard]] double period_s() const noexcept { return static_cast<double>(model_.period_ns) * 1e-9; }

  void scale_by_distance(Care& care, bool distance_known, double reaction_s) noexcept {
    care.protective_m = separation_.protective_m(0, reaction_s) * care.margin_scale;
    if (!distance_known) {
      // Whoever was near when the last source fell silent is still there until somebody says otherwise.
      limit_speed(care, stopped_ ? 0.0 : allowed_);
      care.separation_stops = stopped_;
      return;
    }
    allowed_ = separation_.speed_scale(care.nearest_m / care.margin_scale, reaction_s);
    stopped_ = allowed_ <= (stopped_ ? kMovesAgain : 0.0);
    care.separation_stops = stopped_;
    limit_speed(care, stopped_ ? 0.0 : allowed_);
  }

  // Axes and fastest point alike: how long a stop takes depends on the one, how far it goes on the other.
  void limit_speed(Care& care, double share) const noexcept {
    care.tcp_speed_mps = std::min(care.tcp_speed_mps, share * model_.full_speed_mps);
    if (share < care.speed_scale) {
      care.speed_scale = share;
      care.separation_slows = true;
    }
  }

  RobotModel model_;
  Separation separation_;
  std::array<Constraints, kMaxSources> last_{};
  std::array<std::uint32_t, kMaxSources> age_{};
  std::array<bool, kMaxSources> heard_{};
  bool stopped_ = false;
  double allowed_ = 1.0;  // share of the full speeds, by the last distance that was known
};

}  // namespace dynamical::rt
