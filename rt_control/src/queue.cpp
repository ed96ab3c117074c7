#include "rt_control/queue.hpp"

#include <sys/file.h>
#include <time.h>

#include <atomic>
#include <cstring>

#include "rt_control/crc32c.hpp"

namespace dynamical::rt {
namespace {

using Word = std::atomic_ref<std::uint64_t>;

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

}  // namespace

RequestQueue::RequestQueue(const std::string& path) : mapping_(path, ChannelKind::requests, Access::read_write) {}

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
  std::memcpy(mapping_.slot(pushed), &item, sizeof(item));
  // Release: the item is complete before it is counted; partner: the acquire in `pop`.
  Word(mapping_.newest()).store(pushed + 1, std::memory_order_release);
  return true;
}

RequestQueue::Popped RequestQueue::pop(Request& request) noexcept {
  // Acquire: partner is the release in `push`.
  const std::uint64_t pushed = Word(mapping_.newest()).load(std::memory_order_acquire);
  // Relaxed: only this side writes it.
  const std::uint64_t popped = Word(mapping_.popped()).load(std::memory_order_relaxed);
  const std::uint64_t waiting = pushed - popped;
  if (waiting == 0) {
    return Popped::none;
  }
  if (waiting > mapping_.slots()) {
    // Release: as below. Indices that no push leaves: everything up to now is given up.
    Word(mapping_.popped()).store(pushed, std::memory_order_release);
    return Popped::corrupt;
  }
  Item item{};
  std::memcpy(&item, mapping_.slot(popped), sizeof(item));
  // Release: the copy is done before the slot is given back; partner: the acquire in `push`.
  Word(mapping_.popped()).store(popped + 1, std::memory_order_release);
  if (item.header.size != sizeof(Request) || item.header.crc != crc_of(item.request, popped)) {
    return Popped::corrupt;
  }
  request = item.request;
  return Popped::request;
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
