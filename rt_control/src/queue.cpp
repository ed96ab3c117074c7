#include "rt_control/queue.hpp"

#include <sys/file.h>
#include <time.h>

#include <array>
#include <bit>

#include "rt_control/crc32c.hpp"
#include "rt_control/word.hpp"

namespace dynamical::rt {
namespace {

// Waits at most 100 ms for the processes that push: one that was stopped while it held the lock must not hang others.
class FileLock {
 public:
  explicit FileLock(int descriptor) noexcept : descriptor_(descriptor) {
    constexpr timespec kPause{0, 1'000'000};
    for (int attempt = 0; attempt < 100 && !held_; ++attempt) {
      held_ = flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
      if (!held_) {
        nanosleep(&kPause, nullptr);
      }
    }
  }
  ~FileLock() {
    if (held_) {
      flock(descriptor_, LOCK_UN);
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  [[nodiscard]] bool held() const noexcept { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

struct Item {
  SlotHeader header;
  Request request;
};

std::uint32_t crc_of(const Request& request, std::uint64_t index) noexcept {
  return crc32c(bytes_of(request), static_cast<std::uint32_t>(index));
}

// No queue counts so many items: a difference beyond it is one below zero.
constexpr std::uint64_t kFarAway = std::uint64_t{1} << 63U;

constexpr std::size_t kItemWords = sizeof(Item) / 8;
using ItemWords = std::array<std::uint64_t, kItemWords>;
static_assert(sizeof(Item) % 8 == 0);

// An item goes through shared memory as relaxed atomic words: the indices keep its two sides apart, but only as long as
// all who map the file keep to them, and what does not is to be an item with a wrong checksum rather than a data race.
void store_item(std::byte* slot, const Item& item) noexcept {
  auto* target = reinterpret_cast<std::uint64_t*>(slot);
  for (const std::uint64_t word : std::bit_cast<ItemWords>(item)) {
    Word(*target++).store(word, std::memory_order_relaxed);
  }
}

Item load_item(std::byte* slot) noexcept {
  auto* source = reinterpret_cast<std::uint64_t*>(slot);
  ItemWords words{};
  for (std::uint64_t& word : words) {
    word = Word(*source++).load(std::memory_order_relaxed);
  }
  return std::bit_cast<Item>(words);
}

}  // namespace

RequestQueue::RequestQueue(const std::string& path)
    : mapping_(path, ChannelKind::requests, Access::read_write),
      // Acquire, though nothing is read on its account: the taker before may have been this very process.
      next_(Word(mapping_.popped()).load(std::memory_order_acquire)) {}

bool RequestQueue::push(const Request& request) noexcept {
  const std::scoped_lock threads(within_process_);
  const FileLock processes(mapping_.descriptor());
  if (!processes.held()) {
    // Relaxed: a counter for people.
    Word(mapping_.dropped()).fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  // Relaxed: only holders of the lock write it, and the lock orders them.
  const std::uint64_t pushed = Word(mapping_.newest()).load(std::memory_order_relaxed);
  // Acquire: the slot was copied before it was given back; partner: the release in `pop`.
  const std::uint64_t popped = Word(mapping_.popped()).load(std::memory_order_acquire);
  if (pushed - popped >= mapping_.slots()) {
    // Relaxed: a counter for people.
    Word(mapping_.dropped()).fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  Item item{};
  item.header.word = pushed;
  item.header.size = sizeof(Request);
  item.header.crc = crc_of(request, pushed);
  item.request = request;
  store_item(mapping_.slot(pushed), item);
  // Release: the item is complete before it is counted; partner: the acquire in `pop`.
  Word(mapping_.newest()).store(pushed + 1, std::memory_order_release);
  return true;
}

RequestQueue::Popped RequestQueue::pop(Request& request) noexcept {
  // Acquire: `newest` is loaded after it, so that what another taker left here is never ahead of what was pushed;
  // partner: the compare-and-swap below.
  std::uint64_t popped = Word(mapping_.popped()).load(std::memory_order_acquire);
  // Acquire: the items that `newest` counts are complete; partner: the release store in `push`.
  const std::uint64_t pushed = Word(mapping_.newest()).load(std::memory_order_acquire);
  if (popped != next_) {
    return resume(pushed, popped);
  }
  const std::uint64_t waiting = pushed - next_;
  if (waiting == 0) {
    return Popped::none;
  }
  if (waiting > mapping_.slots()) {
    return count_on_from_here(pushed, popped);
  }
  const Item item = load_item(mapping_.slot(next_));
  // Release: the copy is done before the slot is given back; partner: the acquire in `push`. It fails if another
  // process takes as well (an rt_control that was stopped and continued): the item is then the other's.
  if (!Word(mapping_.popped())
           .compare_exchange_strong(popped, next_ + 1, std::memory_order_release, std::memory_order_relaxed)) {
    return Popped::none;
  }
  ++next_;
  if (item.header.size != sizeof(Request) || item.header.crc != crc_of(item.request, next_ - 1)) {
    return Popped::corrupt;
  }
  request = item.request;
  return Popped::request;
}

// `popped` is not what this side left there. A greater one that pushes explain is that of another process which took
// items; any other is not believed: what was taken once would be taken again.
RequestQueue::Popped RequestQueue::resume(std::uint64_t pushed, std::uint64_t popped) noexcept {
  if (popped - next_ <= pushed - next_ && pushed - next_ < kFarAway) {
    next_ = popped;
    return Popped::corrupt;
  }
  // Release: nothing of a slot may be read after it was given back; partner: the acquire in `push`.
  Word(mapping_.popped()).compare_exchange_strong(popped, next_, std::memory_order_release, std::memory_order_relaxed);
  return Popped::corrupt;
}

// `newest` is not what a push leaves. What it counts is given up; a count from before `next_` is set to it, so that no
// index comes twice.
RequestQueue::Popped RequestQueue::count_on_from_here(std::uint64_t pushed, std::uint64_t popped) noexcept {
  if (pushed - next_ >= kFarAway) {
    // Relaxed: there is no item behind this count. It fails if a push counted meanwhile: the next call sees that.
    Word(mapping_.newest())
        .compare_exchange_strong(pushed, next_, std::memory_order_relaxed, std::memory_order_relaxed);
    return Popped::corrupt;
  }
  // Release: as in `resume`.
  if (Word(mapping_.popped())
          .compare_exchange_strong(popped, pushed, std::memory_order_release, std::memory_order_relaxed)) {
    next_ = pushed;
  }
  return Popped::corrupt;
}

std::uint64_t RequestQueue::dropped() const noexcept {
  // Relaxed: a counter for people.
  return Word(mapping_.dropped()).load(std::memory_order_relaxed);
}

bool EventWriter::push(const Event& event, std::int64_t stamp_ns) noexcept {
  const Bytes part = bytes_of(event);
  return writer_.write({&part, 1}, stamp_ns);
}

EventReader::EventReader(const std::string& path, bool from_start) : reader_(path, ChannelKind::events) {
  const std::uint64_t newest = reader_.newest_sequence();
  if (!from_start) {
    next_ = newest + 1;
  } else if (newest > reader_.slots()) {
    next_ = newest - reader_.slots() + 1;
  }
}

bool EventReader::read(Event& event, std::uint64_t& lost) noexcept {
  const std::uint64_t newest = reader_.newest_sequence();
  if (newest + 1 < next_) {  // no writer leaves this: begin again at what the ring says
    next_ = newest + 1;
    return false;
  }
  if (newest >= next_ + reader_.slots()) {
    const std::uint64_t oldest = newest - reader_.slots() + 1;
    lost += oldest - next_;
    next_ = oldest;
  }
  while (next_ <= newest) {
    ReadInfo info;
    const ReadResult result = reader_.read_at(next_++, std::as_writable_bytes(std::span<Event, 1>(&event, 1)), info);
    if (result == ReadResult::ok && info.size == sizeof(Event)) {
      return true;
    }
    ++lost;
  }
  return false;
}

}  // namespace dynamical::rt
