#include "rt_control/channel.hpp"

#include <array>
#include <cstring>
#include <vector>

#include "rt_control/crc32c.hpp"
#include "rt_control/word.hpp"

namespace dynamical::rt {
namespace {

constexpr int kReadAttempts = 8;
constexpr std::size_t kHeaderWords = sizeof(SlotHeader) / 8;
constexpr std::uint64_t kSequenceMask = (std::uint64_t{1} << kGenerationShift) - 1;

std::uint64_t sequence_of(std::uint64_t word) { return word & kSequenceMask; }
std::uint64_t make_word(std::uint64_t generation, std::uint64_t sequence) {
  return (generation << kGenerationShift) | (sequence & kSequenceMask);
}

// The words of a slot: header, then payload. All of them are read and written as relaxed atomics, because a reader
// may copy a slot while it is overwritten: without atomics that would be a data race, not just a torn copy.
class Slot {
 public:
  explicit Slot(std::byte* start) : words_(reinterpret_cast<std::uint64_t*>(start)) {}

  [[nodiscard]] Word word() const { return Word(words_[0]); }

  void store_header(std::int64_t stamp_ns, std::uint32_t size, std::uint32_t crc) const {
    Word(words_[1]).store(static_cast<std::uint64_t>(stamp_ns), std::memory_order_relaxed);
    Word(words_[2]).store(size | (std::uint64_t{crc} << 32U), std::memory_order_relaxed);
  }

  void load_header(std::int64_t& stamp_ns, std::uint32_t& size, std::uint32_t& crc) const {
    stamp_ns = static_cast<std::int64_t>(Word(words_[1]).load(std::memory_order_relaxed));
    const std::uint64_t both = Word(words_[2]).load(std::memory_order_relaxed);
    size = static_cast<std::uint32_t>(both);
    crc = static_cast<std::uint32_t>(both >> 32U);
  }

  // Returns the word behind the last one written.
  std::size_t store_payload(std::size_t at, Bytes part) const {
    std::uint64_t* target = words_ + kHeaderWords + at;
    std::size_t done = 0;
    for (; done + 8 <= part.size(); done += 8, ++target) {
      std::uint64_t value = 0;
      std::memcpy(&value, part.data() + done, 8);
      Word(*target).store(value, std::memory_order_relaxed);
    }
    if (done < part.size()) {
      std::uint64_t value = 0;
      std::memcpy(&value, part.data() + done, part.size() - done);
      Word(*target).store(value, std::memory_order_relaxed);
    }
    return at + (part.size() + 7) / 8;
  }

  void load_payload(std::span<std::byte> into) const {
    std::uint64_t* source = words_ + kHeaderWords;
    for (std::size_t done = 0; done < into.size(); done += 8, ++source) {
      const std::uint64_t value = Word(*source).load(std::memory_order_relaxed);
      std::memcpy(into.data() + done, &value, 8);
    }
  }

 private:
  std::uint64_t* words_;
};

std::uint32_t crc_of_header(std::uint64_t word, std::int64_t stamp_ns, std::uint32_t size) {
  const std::array<std::uint64_t, 3> header{word, static_cast<std::uint64_t>(stamp_ns), size};
  return crc32c(std::as_bytes(std::span(header)));
}

std::uint32_t add_padded(Bytes part, std::uint32_t crc) {
  constexpr std::array<std::byte, 7> kZeros{};
  crc = crc32c(part, crc);
  return crc32c(std::span(kZeros).first((8 - part.size() % 8) % 8), crc);
}

std::size_t padded(std::size_t size) { return (size + 7) / 8 * 8; }

// Fills the slot for `word` and closes it; the caller publishes it.
void fill(const Slot& slot, std::uint64_t word, std::span<const Bytes> parts, std::uint32_t size,
          std::int64_t stamp_ns) {
  std::uint32_t crc = crc_of_header(word, stamp_ns, size);
  for (const Bytes& part : parts) {
    crc = add_padded(part, crc);
  }
  slot.word().store(0, std::memory_order_relaxed);
  // Keeps the zero before the payload: a reader that copied any new byte then sees that the word has changed. Its
  // partner is the acquire fence after the copy in `copy`.
  fence(std::memory_order_release);
  slot.store_header(stamp_ns, size, crc);
  std::size_t at = 0;
  for (const Bytes& part : parts) {
    at = slot.store_payload(at, part);
  }
  // The payload is complete before the word that names it; partner: the first load in `copy`.
  slot.word().store(word, std::memory_order_release);
}

// Copies a slot if it holds `word` before and after.
ReadResult copy(const Slot& slot, std::uint64_t word, std::uint64_t capacity, std::span<std::byte> into,
                ReadInfo& info) {
  // Acquire: the payload is read after the word that names it; partner: the last store in `fill`.
  if (slot.word().load(std::memory_order_acquire) != word) {
    return ReadResult::torn;
  }
  std::uint32_t size = 0;
  std::uint32_t crc = 0;
  slot.load_header(info.stamp_ns, size, crc);
  const bool fits = size <= capacity && padded(size) <= into.size();
  if (fits) {
    slot.load_payload(into.first(padded(size)));
  }
  // Keeps the copy before the recheck; partner: the release fence in `fill`.
  fence(std::memory_order_acquire);
  if (slot.word().load(std::memory_order_relaxed) != word) {
    return ReadResult::torn;
  }
  if (!fits) {
    return ReadResult::malformed;
  }
  if (crc32c(into.first(padded(size)), crc_of_header(word, info.stamp_ns, size)) != crc) {
    return ReadResult::crc;
  }
  info.sequence = sequence_of(word);
  info.generation = generation_of(word);
  info.size = size;
  return ReadResult::ok;
}

ReadResult read_newest(const Mapping& mapping, std::span<std::byte> into, ReadInfo& info) {
  ReadResult result = ReadResult::torn;
  for (int attempt = 0; attempt < kReadAttempts && result == ReadResult::torn; ++attempt) {
    // Acquire: the slot that `newest` names is complete; partner: the compare-and-swap in `write`.
    const std::uint64_t word = Word(mapping.newest()).load(std::memory_order_acquire);
    if (sequence_of(word) == 0) {
      return ReadResult::empty;
    }
    result = copy(Slot(mapping.slot(sequence_of(word))), word, mapping.payload_bytes(), into, info);
  }
  return result;
}

}  // namespace

LatestWriter::LatestWriter(const std::string& path, ChannelKind kind) : mapping_(path, kind, Access::read_write) {
  // An event written again would be an event that happened twice; its readers do not look at the newest alone.
  attach(kind != ChannelKind::events);
}

void LatestWriter::attach(bool keep_last) {
  std::vector<std::byte> last(padded(mapping_.payload_bytes()));
  for (;;) {
    // Acquire: partner is the compare-and-swap in `write`, so that the last message can be copied.
    std::uint64_t before = Word(mapping_.newest()).load(std::memory_order_acquire);
    const std::uint64_t generation = generation_of(before) + 1;
    std::uint64_t after = make_word(generation, sequence_of(before));
    if (keep_last && sequence_of(before) != 0) {
      ReadInfo info;
      const ReadResult result =
          copy(Slot(mapping_.slot(sequence_of(before))), before, mapping_.payload_bytes(), last, info);
      // Relaxed: whether to try again; nothing else is read on its account.
      if (result == ReadResult::torn && Word(mapping_.newest()).load(std::memory_order_relaxed) != before) {
        continue;
      }
      if (result == ReadResult::ok) {
        // The last message is written again under the new generation: a reader accepts no other. It is that of `before`
        // and not a later one, so that all who attach to `before` write the same bytes under the same word.
        after = make_word(generation, sequence_of(before) + 1);
        const Bytes part(last.data(), info.size);
        fill(Slot(mapping_.slot(sequence_of(after))), after, {&part, 1}, static_cast<std::uint32_t>(info.size),
             info.stamp_ns);
      } else {
        // A word that no slot can hold: one who attached to an earlier `before` and came too late may have left the
        // next one behind, with an earlier message.
        after = make_word(generation, sequence_of(before) + 2);
      }
    }
    // Release: publishes the slot just filled; partner: the load in `read_newest`. Acquire is not needed: nothing is
    // read after it.
    if (Word(mapping_.newest())
            .compare_exchange_strong(before, after, std::memory_order_release, std::memory_order_relaxed)) {
      word_ = after;
      return;
    }
  }
}

bool LatestWriter::write(std::span<const Bytes> parts, std::int64_t stamp_ns) noexcept {
  std::size_t size = 0;
  for (const Bytes& part : parts) {
    size = padded(size) + part.size();
  }
  // Relaxed: only a hint here, so that a fenced writer does not touch a slot; the compare-and-swap below decides.
  if (size > mapping_.payload_bytes() || Word(mapping_.newest()).load(std::memory_order_relaxed) != word_) {
    return false;
  }
  const std::uint64_t word = make_word(generation_of(word_), sequence_of(word_) + 1);
  fill(Slot(mapping_.slot(sequence_of(word))), word, parts, static_cast<std::uint32_t>(size), stamp_ns);
  std::uint64_t expected = word_;
  // Release: the slot is complete before it becomes the newest; partner: the load in `read_newest`. It fails if
  // another writer attached since: this one is fenced and has published nothing.
  if (!Word(mapping_.newest())
           .compare_exchange_strong(expected, word, std::memory_order_release, std::memory_order_relaxed)) {
    return false;
  }
  word_ = word;
  return true;
}

std::uint64_t LatestWriter::generation() const noexcept { return generation_of(word_); }

bool LatestWriter::fenced() const noexcept {
  // Relaxed: a question about now; nothing else is read on its account.
  return Word(mapping_.newest()).load(std::memory_order_relaxed) != word_;
}

LatestReader::LatestReader(const std::string& path, ChannelKind kind) : mapping_(path, kind, Access::read_only) {}

ReadResult LatestReader::read(std::span<std::byte> into, ReadInfo& info) const noexcept {
  return read_newest(mapping_, into, info);
}

ReadResult LatestReader::read_at(std::uint64_t sequence, std::span<std::byte> into, ReadInfo& info) const noexcept {
  const Slot slot(mapping_.slot(sequence));
  // Relaxed: `copy` loads it again with acquire; this only learns the generation that wrote it.
  const std::uint64_t word = slot.word().load(std::memory_order_relaxed);
  if (sequence_of(word) != sequence) {
    return ReadResult::torn;
  }
  return copy(slot, word, mapping_.payload_bytes(), into, info);
}

std::uint64_t LatestReader::newest_word() const noexcept {
  // Acquire: partner is the compare-and-swap in `write`, so that a slot named by it can be copied with read_at.
  return Word(mapping_.newest()).load(std::memory_order_acquire);
}

std::uint64_t LatestReader::newest_sequence() const noexcept { return sequence_of(newest_word()); }

}  // namespace dynamical::rt
