// CRC-32C (Castagnoli, RFC 3720 appendix B.4): guards every message against torn and hostile bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dynamical::rt {

// `crc` is the result over what came before, 0 at the beginning. Uses SSE4.2 where the processor has it.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept;

// The table that other processors use; public so that a test holds both to the same results.
[[nodiscard]] std::uint32_t crc32c_by_table(std::span<const std::byte> bytes, std::uint32_t crc = 0) noexcept;

}  // namespace dynamical::rt
