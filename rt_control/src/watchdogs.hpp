// The two watchdogs outside of this process: the machine's own, and a safety relay on a serial line. Both act unless
// they are petted again and again.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace dynamical::rt {

// A file descriptor that is closed when it goes; -1: none.
class Outlet {
 public:
  Outlet() = default;
  explicit Outlet(int descriptor) : descriptor_(descriptor) {}
  ~Outlet();
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;
  Outlet(Outlet&& other) noexcept;
  Outlet& operator=(Outlet&& other) noexcept;
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// /dev/watchdog: restarts the machine. From its opening on it wants to be petted within its own timeout.
class MachineWatchdog {
 public:
  MachineWatchdog() = default;
  // Throws std::runtime_error.
  explicit MachineWatchdog(const std::string& path);

  void pet() noexcept;
  // The magic close: it may sleep. Only at an orderly end, at rest.
  void disarm() noexcept;
  [[nodiscard]] int descriptor() const noexcept { return outlet_.get(); }

 private:
  Outlet outlet_;
};

// A frame of the relay's protocol: start, a number that rises, its complement, end. A stuck line, a repeated frame and
// noise are all no pet.
using RelayFrame = std::array<std::uint8_t, 4>;
[[nodiscard]] constexpr RelayFrame relay_frame(std::uint8_t number) noexcept {
  return {0xA5, number, static_cast<std::uint8_t>(number ^ 0xFFU), 0x5A};
}

// A safety relay on a serial line, 115200 8N1: holds the drives' supply while frames arrive.
class SafetyRelay {
 public:
  SafetyRelay() = default;
  // Throws std::runtime_error.
  explicit SafetyRelay(const std::string& path);

  // Never waits: what the line does not take is lost, and the relay opens.
  void pet() noexcept;
  [[nodiscard]] int descriptor() const noexcept { return outlet_.get(); }

 private:
  Outlet outlet_;
  std::uint8_t number_ = 0;
};

}  // namespace dynamical::rt
