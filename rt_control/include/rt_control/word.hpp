// The atomic words of shared memory, and nothing else of it: every access of the channels to a shared byte is one of
// these, except for the header that is checked once at opening. A test builds the same sources with a `word.hpp` of its
// own that stops before each access (tests/rt_control/stepped/), so that the proof can follow the real code step by
// step.
#pragma once

#include <atomic>
#include <cstdint>

namespace dynamical::rt {

using Word = std::atomic_ref<std::uint64_t>;
// Without a lock of its own: one in another process's memory would be one that a dead process holds.
static_assert(Word::is_always_lock_free);

inline void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }

}  // namespace dynamical::rt
