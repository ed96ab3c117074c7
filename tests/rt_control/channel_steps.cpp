// Drives the real channel code through random interleavings, one access to shared memory at a time, and prints each
// interleaving as the steps of rt_control/proof/channel.pml: `actor operation slot value` a line, `-` between traces.
//
//   channel_steps TRACES SEED FILE
//
// Three writers and a reader are coroutines on one thread. Each may be stopped for ever at any step (a crash), and goes
// on after its successor came unless it is.
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rt_control/channel.hpp"
#include "rt_control/crc32c.hpp"
#include "rt_control/word.hpp"

namespace dynamical::rt {
namespace {

constexpr int kWriters = 3;
constexpr int kReader = kWriters;
constexpr int kWrites = 3;  // by each writer
constexpr int kReads = 6;
constexpr std::size_t kStackBytes = 128 * 1024;
constexpr std::uint64_t kGenerations = 7;
constexpr std::uint64_t kSequences = 16;
constexpr std::uint64_t kMessages = 16;

// A message: its number as the stamp and as the payload.
std::uint64_t size_and_checksum(std::uint64_t generation, std::uint64_t sequence, std::uint64_t number) {
  const std::array<std::uint64_t, 3> header{generation << kGenerationShift | sequence, number, 8};
  const std::array<std::uint64_t, 1> payload{number};
  return 8 | std::uint64_t{crc32c(std::as_bytes(std::span(payload)), crc32c(std::as_bytes(std::span(header))))} << 32U;
}

// As the model writes a word, and a checksum by what it was computed over.
std::uint64_t model_word(std::uint64_t word) {
  return generation_of(word) * 16 + (word & ((std::uint64_t{1} << kGenerationShift) - 1));
}
std::map<std::uint64_t, std::uint64_t> model_checksums() {
  std::map<std::uint64_t, std::uint64_t> known{{0, 0}};
  for (std::uint64_t generation = 1; generation < kGenerations; ++generation) {
    for (std::uint64_t sequence = 1; sequence < kSequences; ++sequence) {
      for (std::uint64_t number = 1; number < kMessages; ++number) {
        known[size_and_checksum(generation, sequence, number)] = (generation * 16 + sequence) * 32 + number;
      }
    }
  }
  return known;
}

class Scene;
Scene* scene = nullptr;

class Scene {
 public:
  Scene(std::string path, unsigned seed) : path_(std::move(path)), random_(seed) {
    unlink(path_.c_str());
    Mapping::create(path_, shape_of(ChannelKind::bytes, 8));
    scene = this;
    actors_[kReader].work = [this] { read(); };
    for (int writer = 0; writer < kWriters; ++writer) {
      actors_[static_cast<std::size_t>(writer)].work = [this] { write(); };
    }
    for (Actor& actor : actors_) {
      getcontext(&actor.context);
      actor.stack = std::make_unique<std::byte[]>(kStackBytes);
      actor.context.uc_stack.ss_sp = actor.stack.get();
      actor.context.uc_stack.ss_size = kStackBytes;
      actor.context.uc_link = &main_;
      makecontext(&actor.context, enter, 0);
    }
  }

  void run() {
    int successor = 1;
    actors_[0].runs = true;
    actors_[kReader].runs = true;
    for (;;) {
      std::vector<int> able;
      for (int actor = 0; actor <= kReader; ++actor) {
        if (actors_[static_cast<std::size_t>(actor)].runs) {
          able.push_back(actor);
        }
      }
      if (able.empty() && successor == kWriters) {
        break;
      }
      if (successor < kWriters && (able.empty() || draw(25) == 0)) {
        actors_[static_cast<std::size_t>(successor++)].runs = true;
        continue;
      }
      const int chosen = able[draw(able.size())];
      if (chosen != kReader && draw(60) == 0) {
        actors_[static_cast<std::size_t>(chosen)].runs = false;  // crashed
        continue;
      }
      // Some steps in a row now and then, as a scheduler does; single ones meet more, but other, interleavings.
      for (std::size_t steps = draw(3) == 0 ? 1 + draw(12) : 1; steps > 0; --steps) {
        now_ = chosen;
        swapcontext(&main_, &actors_[static_cast<std::size_t>(chosen)].context);
        if (!actors_[static_cast<std::size_t>(chosen)].runs) {
          break;
        }
      }
    }
    std::printf("-\n");
  }

  void wait_for_turn() { swapcontext(&actors_[static_cast<std::size_t>(now_)].context, &main_); }

  void made(stepped::Access access, const std::uint64_t* where, std::uint64_t value) {
    // Every actor maps the file elsewhere, at the start of a page, and it is shorter than one.
    const auto offset = reinterpret_cast<std::uintptr_t>(where) % 4096;
    if (offset == offsetof(ChannelHeader, newest)) {
      const char* name = access == stepped::Access::load           ? "load_newest"
                         : access == stepped::Access::exchange_won ? "publish"
                                                                   : "refuse";
      say(name, 0, model_word(value));
      return;
    }
    const std::size_t slot = (offset - sizeof(ChannelHeader)) / kCacheLine;
    const std::size_t field = (offset - sizeof(ChannelHeader)) % kCacheLine / 8;
    static constexpr std::array kFields{"word", "stamp", "check", "reserved", "payload"};
    static const std::map<std::uint64_t, std::uint64_t> kChecksums = model_checksums();
    if (field == 0) {
      value = model_word(value);
    } else if (field == 2) {
      value = kChecksums.at(value);
    }
    const std::string name = std::string(access == stepped::Access::load ? "load_" : "store_") + kFields.at(field);
    say(name.c_str(), slot, value);
  }

 private:
  struct Actor {
    ucontext_t context{};
    std::unique_ptr<std::byte[]> stack;
    std::function<void()> work;
    bool runs = false;
  };

  static void enter() {
    Scene& here = *scene;
    const auto self = static_cast<std::size_t>(here.now_);
    here.actors_[self].work();
    here.actors_[self].runs = false;
  }

  std::size_t draw(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }

  void say(const char* operation, std::size_t slot, std::uint64_t value) const {
    std::printf("%d %s %zu %llu\n", now_, operation, slot, static_cast<unsigned long long>(value));
  }

  void write() {
    const int self = now_;
    LatestWriter writer(path_, ChannelKind::bytes);
    for (int count = 1; count <= kWrites; ++count) {
      const auto number = static_cast<std::uint64_t>(self * kWrites + count);
      const Bytes part = std::as_bytes(std::span(&number, 1));
      (void)writer.write({&part, 1}, static_cast<std::int64_t>(number));
    }
    wait_for_turn();
    say("ended", 0, 0);
  }

  void read() {
    const LatestReader reader(path_, ChannelKind::bytes);
    for (int count = 0; count < kReads; ++count) {
      std::array<std::byte, 8> into{};
      ReadInfo info;
      const ReadResult result = reader.read(into, info);
      std::uint64_t number = 0;
      if (result == ReadResult::ok) {
        std::memcpy(&number, into.data(), 8);
      }
      wait_for_turn();
      say("ended", static_cast<std::size_t>(result), number);
    }
  }

  std::string path_;
  std::mt19937 random_;
  int now_ = 0;
  ucontext_t main_{};
  std::array<Actor, kWriters + 1> actors_;
};

int run(int traces, unsigned seed, const std::string& path) {
  for (int trace = 0; trace < traces; ++trace) {
    const auto one = std::make_unique<Scene>(path, seed + static_cast<unsigned>(trace));
    one->run();
    closefrom(3);  // what the crashed ones held open
  }
  unlink(path.c_str());
  return 0;
}

}  // namespace

void stepped::wait_for_turn() noexcept { scene->wait_for_turn(); }
void stepped::made(Access access, const std::uint64_t* where, std::uint64_t value) noexcept {
  scene->made(access, where, value);
}

}  // namespace dynamical::rt

int main(int count, char** values) {
  if (count != 4) {
    std::fprintf(stderr, "usage: channel_steps TRACES SEED FILE\n");
    return 2;
  }
  return dynamical::rt::run(std::atoi(values[1]), static_cast<unsigned>(std::atoi(values[2])), values[3]);
}
