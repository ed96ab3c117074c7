#include "rt_control/crc32c.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace dynamical::rt {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78U;  // reflected
constexpr std::size_t kSlices = 8;

// Slicing by eight (Kounavis and Berry, 2005): table[k][b] is the CRC of byte b followed by k zero bytes.
consteval std::array<std::array<std::uint32_t, 256>, kSlices> make_tables() {
  std::array<std::array<std::uint32_t, 256>, kSlices> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0U ? kPolynomial : 0U);
    }
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8U) ^ tables[0][before & 0xffU];
    }
  }
  return tables;
}

constexpr auto kTables = make_tables();

std::uint32_t next_byte(std::uint32_t crc, std::byte byte) noexcept {
  return (crc >> 8U) ^ kTables[0][(crc ^ static_cast<std::uint32_t>(byte)) & 0xffU];
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(std::span<const std::byte> bytes,
                                                                      std::uint32_t crc) noexcept {
  std::uint64_t value = ~crc;
  std::size_t at = 0;
#pragma GCC unroll 8
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    value = _mm_crc32_u64(value, word);
  }
  auto result = static_cast<std::uint32_t>(value);
  for (; at < bytes.size(); ++at) {
    result = _mm_crc32_u8(result, static_cast<unsigned char>(bytes[at]));
  }
  return ~result;
}

bool has_instruction() noexcept {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") != 0;
}

const bool kByInstruction = has_instruction();
#endif

}  // namespace

std::uint32_t crc32c_by_table(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
  static_assert(std::endian::native == std::endian::little);
  crc = ~crc;
  std::size_t at = 0;
  for (; at + kSlices <= bytes.size(); at += kSlices) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    word ^= crc;
    crc = 0;
    for (std::size_t slice = 0; slice < kSlices; ++slice) {
      crc ^= kTables[kSlices - 1 - slice][(word >> (8U * slice)) & 0xffU];
    }
  }
  for (; at < bytes.size(); ++at) {
    crc = next_byte(crc, bytes[at]);
  }
  return ~crc;
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
#if defined(__x86_64__)
  if (kByInstruction) {
    return crc32c_by_instruction(bytes, crc);
  }
#endif
  return crc32c_by_table(bytes, crc);
}

}  // namespace dynamical::rt
