// Stands in for the product's word.hpp in `channel_steps`: the same accesses, each announced before it is made, so that
// the program decides who makes the next one.
#pragma once

#include <atomic>
#include <cstdint>

namespace dynamical::rt {

namespace stepped {

enum class Access : std::uint8_t { load, store, exchange_won, exchange_lost };

// Returns when the program lets the calling actor go on.
void wait_for_turn() noexcept;
void made(Access access, const std::uint64_t* where, std::uint64_t value) noexcept;

}  // namespace stepped

class Word {
 public:
  explicit Word(std::uint64_t& where) : where_(&where) {}

  [[nodiscard]] std::uint64_t load(std::memory_order order) const noexcept {
    stepped::wait_for_turn();
    const std::uint64_t value = std::atomic_ref(*where_).load(order);
    stepped::made(stepped::Access::load, where_, value);
    return value;
  }

  void store(std::uint64_t value, std::memory_order order) const noexcept {
    stepped::wait_for_turn();
    std::atomic_ref(*where_).store(value, order);
    stepped::made(stepped::Access::store, where_, value);
  }

  bool compare_exchange_strong(std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                               std::memory_order failure) const noexcept {
    stepped::wait_for_turn();
    const bool won = std::atomic_ref(*where_).compare_exchange_strong(expected, desired, success, failure);
    stepped::made(won ? stepped::Access::exchange_won : stepped::Access::exchange_lost, where_,
                  won ? desired : expected);
    return won;
  }

  std::uint64_t fetch_add(std::uint64_t value, std::memory_order order) const noexcept {
    stepped::wait_for_turn();
    return std::atomic_ref(*where_).fetch_add(value, order);
  }

 private:
  std::uint64_t* where_;
};

inline void fence(std::memory_order /*order*/) noexcept {}  // one thread: nothing to order

}  // namespace dynamical::rt
