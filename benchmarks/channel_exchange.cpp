// One thread writes a message, another reads it as soon as it sees it; beside it a bare memcpy and an atomic of the
// same size, in alternating rounds. Prints `bytes channel_ns bare_ns` for each size: medians from before the write to
// after the read. benchmarks/channels.py builds and runs it.
//
//   channel_exchange FOLDER
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "rt_control/channel.hpp"

namespace dynamical::rt {
namespace {

constexpr int kRounds = 20;
constexpr int kExchanges = 1'000;  // in a round

std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// What the channel would be if it could trust both sides: one slot, no checksum, nothing that can be torn.
struct Bare {
  explicit Bare(std::size_t size) : slot(size) {}
  std::vector<std::byte> slot;
  alignas(kCacheLine) std::atomic<std::uint64_t> number{0};
};

// The writer's call, then the reader's as soon as `fresh` says so; one sample for each exchange.
template <typename Write, typename Fresh, typename Read>
void exchange(std::vector<std::int64_t>& samples_ns, const Write& write, const Fresh& fresh, const Read& read) {
  alignas(kCacheLine) std::atomic<int> done{0};
  alignas(kCacheLine) std::atomic<std::int64_t> begun_ns{0};
  std::thread reader([&] {
    for (int count = 1; count <= kExchanges; ++count) {
      while (!fresh()) {
      }
      read();
      const std::int64_t ended_ns = now_ns();
      samples_ns.push_back(ended_ns - begun_ns.load(std::memory_order_relaxed));
      done.store(count, std::memory_order_release);
    }
  });
  for (int count = 1; count <= kExchanges; ++count) {
    begun_ns.store(now_ns(), std::memory_order_relaxed);
    write();
    while (done.load(std::memory_order_acquire) != count) {
    }
  }
  reader.join();
}

std::int64_t median(std::vector<std::int64_t>& samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

void measure(const std::string& path, std::size_t size) {
  unlink(path.c_str());
  Mapping::create(path, shape_of(ChannelKind::bytes, size));
  LatestWriter writer(path, ChannelKind::bytes);
  const LatestReader reader(path, ChannelKind::bytes);
  Bare bare(size);
  std::vector<std::byte> message(size, std::byte{1});
  std::vector<std::byte> into(size);
  const Bytes part(message);
  std::uint64_t seen = reader.newest_word();
  std::uint64_t bare_seen = 0;
  std::vector<std::int64_t> channel_ns;
  std::vector<std::int64_t> bare_ns;
  for (int round = 0; round < kRounds; ++round) {
    exchange(
        channel_ns, [&] { (void)writer.write({&part, 1}, 0); }, [&] { return reader.newest_word() != seen; },
        [&] {
          ReadInfo info;
          (void)reader.read(into, info);
          seen = reader.newest_word();
        });
    exchange(
        bare_ns,
        [&] {
          std::memcpy(bare.slot.data(), message.data(), size);
          bare.number.fetch_add(1, std::memory_order_release);
        },
        [&] { return bare.number.load(std::memory_order_acquire) != bare_seen; },
        [&] {
          std::memcpy(into.data(), bare.slot.data(), size);
          ++bare_seen;
        });
  }
  unlink(path.c_str());
  std::printf("%zu %lld %lld\n", size, static_cast<long long>(median(channel_ns)),
              static_cast<long long>(median(bare_ns)));
}

}  // namespace
}  // namespace dynamical::rt

int main(int count, char** values) {
  if (count != 2) {
    std::fprintf(stderr, "usage: channel_exchange FOLDER\n");
    return 2;
  }
  const std::string path = std::string(values[1]) + "/exchange";
  for (const std::size_t size : {sizeof(dynamical::rt::DriveCommand), sizeof(dynamical::rt::State)}) {
    dynamical::rt::measure(path, size);
  }
  return 0;
}
