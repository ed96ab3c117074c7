// The latest-value channel: one writer, any number of readers, the newest message wins.
//
// The protocol is a sequence lock per slot (Boehm, "Can seqlocks get along with programming language memory models?",
// MSPC 2012) in a ring, so that a reader has several writes' time to copy. `newest` names the newest slot; it also
// carries the writer's generation, so that publishing is one compare-and-swap that only the newest writer can win.
// A reader takes a slot only if it names exactly the word that `newest` had. A writer that dies in the middle leaves
// `newest` on the message before; one that was stopped and continued cannot publish any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "rt_control/mapping.hpp"

namespace dynamical::rt {

enum class ReadResult : std::uint32_t {
  ok = 0,
  empty = 1,      // nothing was ever written
  torn = 2,       // the writer was faster in each of the attempts
  crc = 3,        // the bytes are not those that were written
  malformed = 4,  // the size is not that of the message
};

// Of a ring's word: generation << 40 | sequence.
inline constexpr std::uint64_t kGenerationShift = 40;
[[nodiscard]] constexpr std::uint64_t generation_of(std::uint64_t word) noexcept { return word >> kGenerationShift; }

struct ReadInfo {
  std::uint64_t sequence = 0;
  std::uint64_t generation = 0;
  std::int64_t stamp_ns = 0;
  std::size_t size = 0;
};

using Bytes = std::span<const std::byte>;

class LatestWriter {
 public:
  // Attaches: every earlier writer of the file is fenced from here on. The last message stays readable.
  // Throws ChannelFault.
  LatestWriter(const std::string& path, ChannelKind kind);

  // Publishes the parts, each padded to eight bytes. False: fenced, or larger than the slot; nothing was published.
  [[nodiscard]] bool write(std::span<const Bytes> parts, std::int64_t stamp_ns) noexcept;

  [[nodiscard]] std::uint64_t generation() const noexcept;
  [[nodiscard]] bool fenced() const noexcept;
  [[nodiscard]] std::uint64_t payload_bytes() const noexcept { return mapping_.payload_bytes(); }

 private:
  void attach(bool keep_last);

  Mapping mapping_;
  std::uint64_t word_ = 0;  // that this writer published last
};

class LatestReader {
 public:
  // Throws ChannelFault.
  LatestReader(const std::string& path, ChannelKind kind);

  // Copies the newest message. `into` holds at least payload_bytes(), rounded up to eight.
  [[nodiscard]] ReadResult read(std::span<std::byte> into, ReadInfo& info) const noexcept;

  // Copies the message with this sequence if the ring still holds it; otherwise torn.
  [[nodiscard]] ReadResult read_at(std::uint64_t sequence, std::span<std::byte> into, ReadInfo& info) const noexcept;

  // Changes with each message and each attached writer; costs one load.
  [[nodiscard]] std::uint64_t newest_word() const noexcept;
  [[nodiscard]] std::uint64_t newest_sequence() const noexcept;
  [[nodiscard]] std::uint64_t payload_bytes() const noexcept { return mapping_.payload_bytes(); }
  [[nodiscard]] std::uint64_t slots() const noexcept { return mapping_.slots(); }

 private:
  Mapping mapping_;
};

template <SharedMessage Message>
[[nodiscard]] std::span<const std::byte> bytes_of(const Message& message) noexcept {
  return std::as_bytes(std::span<const Message, 1>(&message, 1));
}

template <SharedMessage Message, ChannelKind kind>
class Writer {
 public:
  explicit Writer(const std::string& path) : writer_(path, kind) {}
  [[nodiscard]] bool write(const Message& message, std::int64_t stamp_ns) noexcept {
    const Bytes part = bytes_of(message);
    return writer_.write({&part, 1}, stamp_ns);
  }
  [[nodiscard]] std::uint64_t generation() const noexcept { return writer_.generation(); }
  [[nodiscard]] bool fenced() const noexcept { return writer_.fenced(); }

 private:
  LatestWriter writer_;
};

template <SharedMessage Message, ChannelKind kind>
class Reader {
 public:
  explicit Reader(const std::string& path) : reader_(path, kind) {}
  [[nodiscard]] ReadResult read(Message& message, ReadInfo& info) const noexcept {
    const ReadResult result = reader_.read(std::as_writable_bytes(std::span<Message, 1>(&message, 1)), info);
    return result == ReadResult::ok && info.size != sizeof(Message) ? ReadResult::malformed : result;
  }
  [[nodiscard]] std::uint64_t newest_word() const noexcept { return reader_.newest_word(); }

 private:
  LatestReader reader_;
};

}  // namespace dynamical::rt
