// Threads in the place of processes, for ThreadSanitizer: writers that overtake each other, readers, queues and events
// on one mapping. Prints what it did as `name=count` words; ends with 1 if a message was not whole or went back.
//
//   channel_stress WRITES FOLDER
//
// Linked with --wrap=mmap: all that open one file get one address, or the sanitizer could not see that they share it.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "rt_control/queue.hpp"

namespace {

std::mutex mapping_mutex;
std::map<ino_t, void*> mapped;

}  // namespace

extern "C" {
void* __real_mmap(void* address, size_t length, int protection, int flags, int descriptor, off_t offset);

void* __wrap_mmap(void* address, size_t length, int protection, int flags, int descriptor, off_t offset) {
  const std::scoped_lock lock(mapping_mutex);
  struct stat status{};
  fstat(descriptor, &status);
  const auto found = mapped.find(status.st_ino);
  if (found != mapped.end()) {
    return found->second;
  }
  return mapped[status.st_ino] = __real_mmap(address, length, protection, flags, descriptor, offset);
}

int __wrap_munmap(void* /*address*/, size_t /*length*/) { return 0; }
}

namespace dynamical::rt {
namespace {

constexpr int kWriters = 4;  // one after the other; the one before goes on
constexpr int kReaders = 3;

std::atomic<bool> over{false};
std::atomic<std::uint64_t> published{0};
std::atomic<std::uint64_t> whole{0};
std::atomic<std::uint64_t> torn{0};
std::atomic<std::uint64_t> taken{0};
std::atomic<std::uint64_t> events_seen{0};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "channel_stress: %s\n", what);
  std::_Exit(1);
}

void write_until_fenced(LatestWriter& writer, std::uint64_t writes) {
  std::array<std::uint64_t, 16> message{};
  for (std::uint64_t count = 1; count <= writes; ++count) {
    message.fill(writer.generation() << 40U | count);
    const Bytes part = std::as_bytes(std::span(message));
    if (!writer.write({&part, 1}, static_cast<std::int64_t>(count))) {
      if (!writer.fenced()) {
        fail("a writer that is not fenced cannot write");
      }
      return;
    }
    published.fetch_add(1, std::memory_order_relaxed);
  }
}

void read_all(const std::string& path) {
  const LatestReader reader(path, ChannelKind::bytes);
  std::array<std::uint64_t, 16> message{};
  ReadInfo before;
  while (!over.load(std::memory_order_relaxed)) {
    ReadInfo info;
    const ReadResult result = reader.read(std::as_writable_bytes(std::span(message)), info);
    if (result != ReadResult::ok) {
      torn.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    for (const std::uint64_t word : message) {
      if (word != message[0]) {
        fail("a message is not whole");
      }
    }
    if (info.generation < before.generation ||
        (info.generation == before.generation && info.sequence < before.sequence)) {
      fail("a reader went back");
    }
    before = info;
    whole.fetch_add(1, std::memory_order_relaxed);
  }
}

void take_all(const std::string& path, std::uint64_t expected) {
  RequestQueue queue(path);
  std::array<std::uint64_t, 2> last{};
  while (taken.load(std::memory_order_relaxed) < expected) {
    Request request{};
    const RequestQueue::Popped popped = queue.pop(request);
    if (popped == RequestQueue::Popped::corrupt) {
      fail("a request is corrupt");
    }
    if (popped == RequestQueue::Popped::request) {
      if (request.epoch != last.at(request.skill) + 1) {
        fail("a request is missing, or came twice");
      }
      last.at(request.skill) = request.epoch;
      taken.fetch_add(1, std::memory_order_relaxed);
    } else {
      std::this_thread::yield();
    }
  }
}

void push_all(RequestQueue& queue, std::uint32_t pusher, std::uint64_t pushes) {
  for (std::uint64_t count = 1; count <= pushes; ++count) {
    Request request{};
    request.skill = pusher;
    request.epoch = count;
    while (!queue.push(request)) {
      std::this_thread::yield();
    }
  }
}

void read_events(const std::string& path) {
  EventReader reader(path, true);
  std::uint64_t lost = 0;
  std::uint64_t last = 0;
  while (!over.load(std::memory_order_relaxed)) {
    Event event{};
    if (!reader.read(event, lost)) {
      std::this_thread::yield();
      continue;
    }
    if (event.cycle <= last || event.cycle != static_cast<std::uint64_t>(event.stamp_ns)) {
      fail("an event is not whole, or came twice");
    }
    last = event.cycle;
    events_seen.fetch_add(1, std::memory_order_relaxed);
  }
}

int run(std::uint64_t writes, const std::string& folder) {
  const std::string ring = folder + "/bytes";
  const std::string requests = folder + "/requests";
  const std::string events = folder + "/events";
  Mapping::create(ring, shape_of(ChannelKind::bytes, 16 * 8));
  Mapping::create(requests, shape_of(ChannelKind::requests));
  Mapping::create(events, shape_of(ChannelKind::events));
  const Mapping keep_ring(ring, ChannelKind::bytes, Access::read_write);
  RequestQueue pushing(requests);
  EventWriter event_writer(events);

  std::vector<std::thread> readers;
  for (int reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back(read_all, ring);
  }
  readers.emplace_back(read_events, events);
  std::vector<std::thread> threads;
  threads.emplace_back(take_all, requests, writes / 10 * 2);
  threads.emplace_back([&] { push_all(pushing, 0, writes / 10); });
  threads.emplace_back([&] { push_all(pushing, 1, writes / 10); });
  threads.emplace_back([&] {
    for (std::uint64_t cycle = 1; cycle <= writes; ++cycle) {
      Event event{};
      event.cycle = cycle;
      event.stamp_ns = static_cast<std::int64_t>(cycle);
      if (!event_writer.push(event, event.stamp_ns)) {
        fail("an event cannot be written");
      }
    }
  });
  for (int writer = 0; writer < kWriters; ++writer) {
    // The last has all its writes; those before are overtaken in the middle of theirs.
    threads.emplace_back([&ring, writes, writer] {
      while (published.load(std::memory_order_relaxed) < writes / kWriters * static_cast<std::uint64_t>(writer)) {
        std::this_thread::yield();
      }
      LatestWriter self(ring, ChannelKind::bytes);
      write_until_fenced(self, writes);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  over.store(true);
  for (std::thread& thread : readers) {
    thread.join();
  }
  std::printf("published=%llu whole=%llu torn=%llu taken=%llu events=%llu\n",
              static_cast<unsigned long long>(published.load()), static_cast<unsigned long long>(whole.load()),
              static_cast<unsigned long long>(torn.load()), static_cast<unsigned long long>(taken.load()),
              static_cast<unsigned long long>(events_seen.load()));
  return 0;
}

}  // namespace
}  // namespace dynamical::rt

int main(int count, char** values) {
  if (count != 3) {
    std::fprintf(stderr, "usage: channel_stress WRITES FOLDER\n");
    return 2;
  }
  return dynamical::rt::run(std::strtoull(values[1], nullptr, 10), values[2]);
}
